// What the stand-in answers, where no real server is needed to know.
#include "store/testing/lua_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "store/testing/numbers.h"
#include "store/testing/raw_client.h"
#include "store/testing/resp_server.h"

namespace chaac {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;
using testing::StartsWith;

constexpr std::string_view kLibrary = R"lua(#!lua name=test
local calls = 0
redis.register_function('count', function() calls = calls + 1; return calls end)
redis.register_function('partly', function(keys)
  for _, key in ipairs(keys) do redis.call('INCR', key) end
end)
redis.register_function('now', function() return redis.call('TIME') end)
redis.register_function('run', function(_, args) return redis.call(unpack(args)) end)
redis.register_function('unpacked', function(_, args) return select('#', unpack({}, 1, args[1])) end)
redis.register_function('global', function() leaked = 1 end)
redis.register_function{function_name = 'read', flags = {'no-writes'},
  callback = function(keys) return redis.call('GET', keys[1]) end}
redis.register_function{function_name = 'urgent', flags = {'allow-oom'},
  callback = function(keys) return redis.call('INCR', keys[1]) end}
)lua";

class LuaStoreTest : public testing::Test {
 protected:
  LuaStoreTest() {
    store_.SetTime(kNow);
    EXPECT_EQ(store_.Execute({"FUNCTION", "LOAD", std::string(kLibrary)}), "$4\r\ntest\r\n");
  }

  std::string LoadError(const std::string& code) {
    return store_.Execute({"FUNCTION", "LOAD", "#!lua name=other\n" + code});
  }

  static constexpr WallTime kNow{milliseconds(1'700'000'000'123)};
  LuaStore store_;
};

TEST_F(LuaStoreTest, KeysExpireByTheTimeThatIsSet) {
  store_.Execute({"SET", "k", "v", "PX", "1000"});
  store_.SetTime(kNow + milliseconds(400));
  EXPECT_THAT(store_.TtlMs("k"), Optional(600));
  EXPECT_EQ(store_.Execute({"PTTL", "k"}), ":600\r\n");
  EXPECT_EQ(store_.Execute({"TTL", "k"}), ":1\r\n");
  store_.SetTime(kNow + milliseconds(1000));
  EXPECT_EQ(store_.Execute({"GET", "k"}), "$1\r\nv\r\n");
  store_.SetTime(kNow + milliseconds(1001));
  EXPECT_THAT(store_.Keys(), ElementsAre());
  EXPECT_EQ(store_.Execute({"EXISTS", "k"}), ":0\r\n");
  EXPECT_EQ(store_.Execute({"INCR", "k"}), ":1\r\n");
  EXPECT_EQ(store_.TtlMs("k"), std::nullopt);
}

TEST_F(LuaStoreTest, FunctionsSeeTheTimeThatIsSet) {
  EXPECT_EQ(store_.Execute({"FCALL", "now", "0"}), "*2\r\n$10\r\n1700000000\r\n$6\r\n123000\r\n");
}

TEST_F(LuaStoreTest, ShowsWhatItHolds) {
  store_.Execute({"SET", "string", "1"});
  store_.Execute({"LPUSH", "list", "1", "2"});
  store_.Execute({"HSET", "hash", "field", "value"});
  store_.Execute({"SADD", "set", "b", "a"});
  EXPECT_THAT(store_.Get("string"), Optional(std::string("1")));
  EXPECT_THAT(store_.List("list"), Optional(ElementsAre("2", "1")));
  EXPECT_THAT(store_.Hash("hash"), Optional(ElementsAre(testing::Pair("field", "value"))));
  EXPECT_THAT(store_.Set("set"), Optional(ElementsAre("a", "b")));
  EXPECT_EQ(store_.Get("list"), std::nullopt);
  EXPECT_EQ(store_.Set("none"), std::nullopt);
  EXPECT_THAT(store_.Keys(), ElementsAre("hash", "list", "set", "string"));

  const auto before = store_.Snapshot();
  store_.Execute({"INCR", "string"});
  EXPECT_NE(store_.Snapshot(), before);
  store_.Execute({"DECR", "string"});
  EXPECT_EQ(store_.Snapshot(), before);
}

TEST_F(LuaStoreTest, AnErrorLeavesWhatTheFunctionWroteBefore) {
  store_.Execute({"LPUSH", "list", "x"});
  EXPECT_EQ(store_.Execute({"FCALL", "partly", "3", "a", "list", "b"}),
            "-WRONGTYPE Operation against a key holding the wrong kind of value script: partly, on "
            "@user_function:5.\r\n");
  EXPECT_THAT(store_.Get("a"), Optional(std::string("1")));
  EXPECT_EQ(store_.Get("b"), std::nullopt);
}

TEST_F(LuaStoreTest, ARestartKeepsDataAndLibrariesButNotTheirVariables) {
  store_.Execute({"SET", "k", "v"});
  EXPECT_EQ(store_.Execute({"FCALL", "count", "0"}), ":1\r\n");
  EXPECT_EQ(store_.Execute({"FCALL", "count", "0"}), ":2\r\n");
  store_.SetError("-LOADING Valkey is loading the dataset in memory");
  store_.Restart();
  EXPECT_EQ(store_.Execute({"FCALL", "count", "0"}), ":1\r\n");
  EXPECT_THAT(store_.Get("k"), Optional(std::string("v")));
}

TEST_F(LuaStoreTest, FlushesOfDataAndOfFunctionsAreApart) {
  store_.Execute({"SET", "k", "v"});
  EXPECT_EQ(store_.Execute({"FUNCTION", "FLUSH"}), "+OK\r\n");
  EXPECT_EQ(store_.Execute({"FCALL", "count", "0"}), "-ERR Function not found\r\n");
  EXPECT_THAT(store_.Get("k"), Optional(std::string("v")));
  store_.Execute({"FUNCTION", "LOAD", std::string(kLibrary)});
  EXPECT_EQ(store_.Execute({"FLUSHALL"}), "+OK\r\n");
  EXPECT_EQ(store_.Execute({"FCALL", "count", "0"}), ":1\r\n");
  EXPECT_THAT(store_.Keys(), ElementsAre());
}

// What each state of Valkey refuses, and that nothing of it is done.
TEST_F(LuaStoreTest, RefusesWhatValkeyWouldRefuse) {
  struct Case {
    std::string error;
    bool refuses_functions;
    bool refuses_deletes;
    bool refuses_reads;
  };
  for (const Case& c :
       {Case{"-OOM full", true, false, false}, Case{"-MISCONF disk", true, true, false},
        Case{"-READONLY replica", true, true, false}, Case{"-NOREPLICAS none", true, true, false},
        Case{"-LOADING data", true, true, true}, Case{"-BUSY script", true, true, true},
        Case{"", false, false, false}}) {
    SCOPED_TRACE(c.error);
    store_.SetError("");
    store_.Execute({"SET", "k", "5"});
    store_.SetError(c.error);
    const std::string refusal = c.error + "\r\n";
    const auto before = store_.Snapshot();
    EXPECT_EQ(store_.Execute({"FCALL", "partly", "1", "k"}) == refusal, c.refuses_functions);
    EXPECT_EQ(store_.Execute({"INCR", "k"}) == refusal, c.refuses_functions);
    EXPECT_EQ(store_.Snapshot() == before, c.refuses_functions);
    EXPECT_EQ(store_.Execute({"FCALL_RO", "read", "1", "k"}) == refusal, c.refuses_reads);
    EXPECT_EQ(store_.Execute({"GET", "k"}) == refusal, c.refuses_reads);
    EXPECT_EQ(store_.Execute({"DEL", "k"}) == refusal, c.refuses_deletes);
    EXPECT_EQ(store_.Execute({"FCALL", "urgent", "1", "k"}) == refusal, c.refuses_deletes);
    EXPECT_THAT(store_.Execute({"INFO"}), StartsWith("$"));
  }
}

// While a library loads, Valkey shows it `redis` with register_function and log, and nothing else.
TEST_F(LuaStoreTest, LibrariesLoadWithoutLuasOwnNames) {
  EXPECT_THAT(LoadError("local floor = math.floor"),
              HasSubstr("nonexistent global variable 'math'"));
  EXPECT_THAT(LoadError("redis.call('PING')"), HasSubstr("nonexistent global variable 'call'"));
  EXPECT_THAT(LoadError("leaked = 1"), HasSubstr("Attempt to modify a readonly table"));
  EXPECT_THAT(LoadError("-- nothing"), HasSubstr("No functions registered"));
  EXPECT_EQ(store_.Execute({"FUNCTION", "LOAD", std::string(kLibrary)}),
            "-ERR Library 'test' already exists\r\n");
  EXPECT_EQ(store_.Execute({"FCALL", "count", "0"}), ":1\r\n");
}

TEST_F(LuaStoreTest, ReplacingALibraryReplacesItsFunctions) {
  EXPECT_EQ(store_.Execute({"FUNCTION", "LOAD", "REPLACE",
                            "#!lua name=test\n"
                            "redis.register_function('count', function() return 'new' end)"}),
            "$4\r\ntest\r\n");
  EXPECT_EQ(store_.Execute({"FCALL", "count", "0"}), "$3\r\nnew\r\n");
  EXPECT_EQ(store_.Execute({"FCALL", "now", "0"}), "-ERR Function not found\r\n");
}

TEST_F(LuaStoreTest, FunctionsMayNotMakeGlobals) {
  EXPECT_EQ(store_.Execute({"FCALL", "global", "0"}),
            "-ERR user_function:10: Attempt to modify a readonly table script: global, on "
            "@user_function:10.\r\n");
}

TEST_F(LuaStoreTest, UnpackIsLimitedAsInValkey) {
  EXPECT_EQ(store_.Execute({"FCALL", "unpacked", "0", "7990"}), ":7990\r\n");
  EXPECT_THAT(store_.Execute({"FCALL", "unpacked", "0", "8000"}),
              HasSubstr("too many results to unpack"));
}

// Commands whose messages differ between versions, as Valkey 8.0 words them.
TEST_F(LuaStoreTest, RefusesCommandsInFunctions) {
  EXPECT_THAT(store_.Execute({"FCALL", "run", "0", "NOSUCH"}),
              StartsWith("-ERR Unknown command called from script script: run"));
  EXPECT_THAT(store_.Execute({"FCALL", "run", "0", "GET"}),
              StartsWith("-ERR Wrong number of args calling command from script script: run"));
  EXPECT_THAT(store_.Execute({"FCALL", "run", "0", "FUNCTION", "FLUSH"}),
              StartsWith("-ERR This Redis command is not allowed from script script: run"));
  EXPECT_THAT(store_.Execute({"FCALL", "run", "0"}),
              StartsWith("-ERR Please specify at least one argument for this call script: run"));
}

TEST_F(LuaStoreTest, ShowsItsConfiguration) {
  EXPECT_THAT(store_.Execute({"INFO", "server"}), HasSubstr("\r\nvalkey_version:"));
  EXPECT_THAT(store_.Execute({"INFO", "memory"}), HasSubstr("\r\nmaxmemory_policy:noeviction\r\n"));
  store_.SetConfig("maxmemory-policy", "allkeys-lru");
  EXPECT_THAT(store_.Execute({"INFO"}), HasSubstr("\r\nmaxmemory_policy:allkeys-lru\r\n"));
  EXPECT_EQ(store_.Execute({"CONFIG", "GET", "maxmemory-policy"}),
            "*2\r\n$16\r\nmaxmemory-policy\r\n$11\r\nallkeys-lru\r\n");
}

TEST_F(LuaStoreTest, LoadsTheShippedLibrary) {
  std::ifstream file(CHAAC_SOURCE_DIR "/src/store/chaac.lua");
  const std::string code{std::istreambuf_iterator<char>(file), {}};
  ASSERT_THAT(store_.Execute({"FUNCTION", "LOAD", code}), StartsWith("$"));
}

TEST(RespServerTest, RunsCommandsCutAnywhere) {
  const std::string bytes = EncodeCommand({"SET", "k", "with\r\nlines"}) + "*0\r\n" +
                            EncodeCommand({"GET", "k"}) + EncodeCommand({"SET", "k", ""}) +
                            EncodeCommand({"GET", "k"});
  const std::string replies = "+OK\r\n$11\r\nwith\r\nlines\r\n+OK\r\n$0\r\n\r\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    LuaStore store;
    RespServer server(&store);
    const std::string first = server.Feed(std::string_view(bytes).substr(0, cut));
    ASSERT_EQ(first + server.Feed(std::string_view(bytes).substr(cut)), replies) << cut;
    ASSERT_FALSE(server.closed());
  }
}

TEST(RespServerTest, ClosesOnWhatIsNotACommand) {
  for (const auto& [bytes, reply] : std::vector<std::pair<std::string, std::string>>{
           {"GET k\r\n", "-ERR Protocol error: expected '*', got 'G'\r\n"},
           {"*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
           {"*1\r\n:1\r\n", "-ERR Protocol error: expected '$', got ':'\r\n"},
           {"*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n"}}) {
    LuaStore store;
    RespServer server(&store);
    EXPECT_EQ(server.Feed(bytes), reply);
    EXPECT_TRUE(server.closed());
    EXPECT_EQ(server.Feed(EncodeCommand({"PING"})), "");
  }
}

TEST(NumbersTest, LuaNumbersAsValkeyWritesThem) {
  const std::vector<std::pair<double, std::string>> cases = {{0, "0"},
                                                             {-0.0, "0"},
                                                             {1700000000000, "1700000000000"},
                                                             {-42, "-42"},
                                                             {0.1, "0.1"},
                                                             {0.1 + 0.2, "0.30000000000000004"},
                                                             {-21.7, "-21.7"},
                                                             {1e-5, "0.00001"},
                                                             {1.5e-9, "1.5e-9"},
                                                             {1e300, "1e+300"},
                                                             {0x1p62, "4611686018427387904"},
                                                             {0x1p63, "9223372036854776000"}};
  for (const auto& [number, text] : cases) EXPECT_EQ(FormatLuaNumber(number), text);
}

TEST(NumbersTest, LongDoublesAsValkeyWritesThem) {
  const auto sum = [](const char* a, const char* b) {
    return FormatLongDouble(*ParseLongDouble(a) + *ParseLongDouble(b));
  };
  EXPECT_EQ(sum("0.1", "0.2"), "0.3");
  EXPECT_EQ(sum("10.50", "0.1"), "10.6");
  EXPECT_EQ(sum("5.0e3", "2.0e2"), "5200");
  EXPECT_EQ(sum("-0.1", "0.1"), "0");
}

}  // namespace
}  // namespace chaac
