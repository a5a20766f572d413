// The same commands, from one seed, to LuaStore and to a real Valkey: every reply must be the same,
// byte for byte, and so must be all data at the end. This is what makes the simulation trustworthy.
// Left out: TIME, INFO, and messages whose wording differs between the versions of Valkey and
// Redis.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/testing/twin_stores.h"

namespace chaac {
namespace {

using Words = std::vector<std::string>;

constexpr int kSeeds = 10;
constexpr int kCommandsPerSeed = 4'000;

// What a function can see and do: conversions both ways, errors raised and caught, state that
// lasts.
constexpr std::string_view kLibrary = R"lua(#!lua name=probe
local calls = 0

local function describe(value)
  if type(value) ~= 'table' then return type(value) .. ':' .. tostring(value) end
  local parts = {}
  for k, v in pairs(value) do parts[#parts + 1] = tostring(k) .. '=' .. describe(v) end
  table.sort(parts)
  return '{' .. table.concat(parts, ' ') .. '}'
end

local values = {
  function() return 1 end,
  function() return -2.9 end,
  function() return 1e20 end,
  function() return 0 / 0 end,
  function() return 2 ^ 53 + 1 end,
  function() return 'text\r\nof two lines' end,
  function() return '' end,
  function() return true end,
  function() return false end,
  function() return nil end,
  function() return end,
  function() return {} end,
  function() return {1, 'two', {3, {}}, false, true, nil, 7} end,
  function() return {1, nil, 3} end,
  function() return {name = 'ignored', 'kept'} end,
  function() return {ok = 'FINE'} end,
  function() return {ok = 'two\r\nlines'} end,
  function() return {err = 'MINE of my own'} end,
  function() return {err = 'without code'} end,
  function() return {1, {err = 'E inside'}, {ok = 'S inside'}} end,
  function() return {err = 12, 'no error: not a string'} end,
  function() return redis.error_reply('MINE text') end,
  function() return redis.error_reply('-MINE text') end,
  function() return redis.status_reply('DONE') end,
  function() return string.format('%.14g %d %5.1f', 1 / 3, 42, 2.25) end,
  function() return {tostring(1e15), tostring(1e14), tostring(0.1), 1e15 .. ''} end,
  function() return {string.match('12 -3.5 x', '^(%d+) (%S+) (%S+)$')} end,
  function() return {tostring(tonumber('0x10')), tostring(tonumber('1e2')), tostring(tonumber('x'))} end,
  function() return {select('#', unpack({}, 1, 7990)), select('#', unpack({1, nil, 3}, 1, 3))} end,
  function() return string.rep('x', 3) .. #'abc' .. math.floor(-1.5) .. math.max(1, 2) end,
  function() return type(coroutine) .. type(loadstring) .. _VERSION end,
  function() return coroutine.wrap(function() return redis.call('PING') end)() end,
  function() return {pcall(error, 'text', 0)} end,
  function() return {pcall(error, {err = 'ERR table'})} end,
  function() return describe({pcall(error, {other = 1})}) end,
  function() return {pcall(function(...) return ... end, 1, 2)} end,
  function() return {xpcall(function() error('x') end, function(e) return 'handled ' .. e end)} end,
}

local failures = {
  function() error('text') end,
  function() error('text', 0) end,
  function() error({err = 'CODE of a table'}) end,
  function() error({err = 'nocode'}) end,
  function() error(12) end,
  function() local t = nil; return t.field end,
  function() return missing_global end,
  function() new_global = 1 end,
  function() string.format = 1 end,
  function() string.new = 1 end,
  function() redis.call = 1 end,
  function() return ('x') + 1 end,
  function() return {} .. 'x' end,
  function() return #nil end,
  function() redis.unknown() end,
  function() redis.register_function('late', function() end) end,
  function() return {select('#', unpack({}, 1, 8001))} end,
  function() error(redis.pcall('LPUSH', 'string', 'x')) end,
  function() redis.call('LPUSH', 'string', 'x') end,
  function() assert(false) end,
  function() assert(nil, 'asserted') end,
}

-- The commands of a function run one by one; what was done before an error stays.
local function partly(keys)
  for _, key in ipairs(keys) do redis.call('INCRBY', key, 7) end
  return redis.status_reply('ALL')
end

redis.register_function('run', function(_, args) return redis.call(unpack(args)) end)
redis.register_function('prun', function(_, args) return redis.pcall(unpack(args)) end)
redis.register_function('shown', function(_, args) return describe(redis.pcall(unpack(args))) end)
redis.register_function('caught', function(_, args)
  local result = {pcall(redis.call, unpack(args))}
  return describe(result)
end)
redis.register_function('value', function(_, args)
  return values[1 + args[1] % #values]()
end)
redis.register_function('failure', function(_, args) return failures[1 + args[1] % #failures]() end)
redis.register_function('partly', partly)
redis.register_function('counted', function(keys, args)
  calls = calls + 1
  return {calls, #keys, #args, keys, args}
end)
redis.register_function{function_name = 'reader', description = 'only reads', flags = {'no-writes'},
  callback = function(_, args) return redis.call(unpack(args)) end}
)lua";

constexpr std::string_view kWithFlags = R"lua(
redis.register_function{function_name = 'other', flags = {'no-writes', 'allow-oom'},
  callback = function() return redis.call('TIME')[3] end})lua";
constexpr std::string_view kTwoOfOneName = R"lua(
redis.register_function('two', function() end)
redis.register_function('two', function() end))lua";

// Commands from a seed, over few keys so that types collide.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  Words Next() {
    const int kind = Below(100);
    if (kind < 45) return DataCommand();
    if (kind < 70) return Wrapped();
    if (kind < 76) return {"FCALL", "value", "0", std::to_string(Below(1000))};
    if (kind < 82) return {"FCALL", "failure", "0", std::to_string(Below(1000))};
    if (kind < 87) return {"FCALL", "partly", "3", Key(), Key(), Key()};
    if (kind < 89) return {"fcall", "counted", "2", Key(), Value(), Value(), Value()};
    if (kind < 92) return Unordered();
    if (kind < 97) return Malformed();
    return Server();
  }

 private:
  int Below(int limit) { return std::uniform_int_distribution(0, limit - 1)(random_); }

  std::string Pick(const Words& from) {
    return from[static_cast<std::size_t>(Below(static_cast<int>(from.size())))];
  }

  std::string Key() { return Pick({"a", "b", "c", "d", "e", "string"}); }
  std::string Field() { return Pick({"f", "g", "h", "1", ""}); }
  std::string Integer() {
    return Pick({"0", "1", "-1", "2", "-2", "3", "10", "-100", "999", "9223372036854775807",
                 "-9223372036854775808", "9223372036854775808", "01", "+1", "-0", " 1", "1.5", "x",
                 ""});
  }
  std::string Float() {
    return Pick({"0.1", "-0.1", "0.5", "3", "1e3", "5.0e-3", "-21.7", "1e17", "1e400", "-1e4000",
                 "nan", "inf", "0x10", " 1", "1 ", "1x", "", "12345678901234567890"});
  }
  std::string Value() {
    return Below(2) == 0 ? Pick({"text", "", "with\r\nlines", std::string("\0\xff", 2),
                                 "long " + std::string(300, 'x')})
                         : (Below(2) == 0 ? Integer() : Float());
  }
  // In seconds or milliseconds: far enough away that no clock matters, or in the past.
  std::string Expiry() {
    return Pick({"1000000", "86400000", "0", "-1", "-9223372036854775808", "9223372036854775807",
                 "9223372036854775", "x", ""});
  }

  Words Appended(Words words, int count, std::string (Generator::*more)()) {
    for (int i = 0; i < count; ++i) words.push_back((this->*more)());
    return words;
  }

  Words DataCommand() {
    switch (Below(6)) {
      case 0:
        return StringCommand();
      case 1:
      case 2:
        return ListCommand();
      case 3:
        return HashCommand();
      case 4:
        return SetCommand();
      default:
        return KeyCommand();
    }
  }

  Words StringCommand() {
    switch (Below(12)) {
      case 0:
        return {"GET", Key()};
      case 1:
        return {"SET", Key(), Value()};
      case 2:
        return {"SET", Key(), Value(), Pick({"NX", "xx", "KEEPTTL", "ZZ", "EX"})};
      case 3:
        return {"SET", Key(), Value(), Pick({"EX", "px"}), Expiry(), Pick({"NX", "XX", "KEEPTTL"})};
      case 4:
        return {"SET", Key(), Value(), "NX", Pick({"EX", "XX", "KEEPTTL"}), "1000"};
      case 5:
        return Appended({"MGET"}, 1 + Below(4), &Generator::Key);
      case 6:
        return {Pick({"INCR", "DECR"}), Key()};
      case 7:
      case 8:
        return {"INCRBY", Key(), Integer()};
      case 9:
        return {"DECRBY", Key(), Integer()};
      default:
        return {"INCRBYFLOAT", Key(), Float()};
    }
  }

  Words ListCommand() {
    switch (Below(8)) {
      case 0:
      case 1:
        return Appended({"LPUSH", Key()}, 1 + Below(5), &Generator::Value);
      case 2:
        return {"LPOP", Key()};
      case 3:
        return {"LPOP", Key(), Integer()};
      case 4:
        return {"LLEN", Key()};
      case 5:
        return {"LRANGE", Key(), Integer(), Integer()};
      case 6:
        return {"LTRIM", Key(), Integer(), Integer()};
      default:
        return {"LINDEX", Key(), Integer()};
    }
  }

  Words HashCommand() {
    switch (Below(8)) {
      case 0:
      case 1:
        return {"HSET", Key(), Field(), Value(), Field(), Value()};
      case 2:
        return {Pick({"HGET", "HEXISTS", "HDEL"}), Key(), Field()};
      case 3:
        return Appended({Pick({"HMGET", "HDEL"}), Key()}, 1 + Below(4), &Generator::Field);
      case 4:
        return {"HLEN", Key()};
      case 5:
        return {"HINCRBY", Key(), Field(), Integer()};
      case 6:
        return {"HINCRBYFLOAT", Key(), Field(), Float()};
      default:
        return {"HSET", Key(), Field(), Value(), Field()};
    }
  }

  Words SetCommand() {
    switch (Below(4)) {
      case 0:
        return Appended({"SADD", Key()}, 1 + Below(4), &Generator::Value);
      case 1:
        return Appended({"SREM", Key()}, 1 + Below(3), &Generator::Value);
      case 2:
        return {"SCARD", Key()};
      default:
        return {"SISMEMBER", Key(), Value()};
    }
  }

  Words KeyCommand() {
    switch (Below(8)) {
      case 0:
      case 1:
        return Appended({"DEL"}, 1 + Below(2), &Generator::Key);
      case 2:
        return Appended({"EXISTS"}, 1 + Below(4), &Generator::Key);
      case 3:
      case 4:
        return {"TYPE", Key()};
      case 5:
        return {Pick({"EXPIRE", "PEXPIRE", "expire"}), Key(), Expiry()};
      case 6:
        return {Pick({"EXPIREAT", "PEXPIREAT"}), Key(),
                Pick({"4102444800", "4102444800000", "1", "-1", "x", "9223372036854775807"})};
      default:
        return {"PERSIST", Key()};
    }
  }

  Words Wrapped() {
    Words words = {Pick({"FCALL", "FCALL_RO"}), "", "0"};
    words[1] =
        words[0] == "FCALL_RO" ? "reader" : Pick({"run", "prun", "shown", "caught", "reader"});
    for (std::string& word : DataCommand()) words.push_back(std::move(word));
    return words;
  }

  Words Unordered() { return {Pick({"HGETALL", "SMEMBERS", "TTL", "PTTL"}), Key()}; }

  Words Malformed() {
    switch (Below(7)) {
      case 0:
        return {Pick(
            {"GET", "SET", "LPUSH", "HSET", "INCRBY", "TYPE", "MGET", "DEL", "FCALL", "LPOP"})};
      case 1:
        return {Pick({"GET", "INCR", "LLEN", "SMEMBERS", "LPOP", "TTL", "PING"}), "a", "b", "c"};
      case 2:
        return {"NOSUCHCOMMAND", Value(), Value()};
      case 3:
        return {"FCALL", "nosuchfunction", "0"};
      case 4:
        return {"FCALL", "counted", Pick({"-1", "x", "3", ""}), "a"};
      case 5:
        return {"FCALL_RO", "run", "0", "GET", "a"};
      default:
        return {Pick({"FUNCTION", "CONFIG", "CLIENT"})};
    }
  }

  Words Server() {
    switch (Below(16)) {
      case 0:
        return {"PING"};
      case 1:
        return {"PING", Value()};
      case 2:
        return {"SELECT", Pick({"0", "1", "-1", "x"})};
      case 3:
        return {"CLIENT", "SETNAME", Pick({"chaac", "with space", "umläut"})};
      case 4:
        return {"CONFIG", "GET", "maxmemory-policy"};
      case 5:
        return {"AUTH", Pick({"secret", "x"})};
      case 6:
        return {"AUTH", Pick({"default", "nobody"}), "secret"};
      case 7:
        return {"FLUSHALL", Pick({"SYNC", "ASYNC", "NOW"})};
      case 8:
        return {"FUNCTION", "LOAD", std::string(kLibrary)};
      case 9:
      case 10:
        return {"FUNCTION", "LOAD", "REPLACE", std::string(kLibrary)};
      case 11:
        return {"FUNCTION", "LOAD", OtherLibrary()};
      case 12:
        return {"FUNCTION", "LOAD", "REPLACE", OtherLibrary()};
      case 13:
        return {"FUNCTION", "DELETE", Pick({"other", "nosuch"})};
      case 14:
        return {"FUNCTION", "LIST", "LIBRARYNAME", Pick({"other", "OTH*", "nosuch"}), "WITHCODE"};
      default:
        return {"FUNCTION", "NOSUCH"};
    }
  }

  // Mostly broken, each in its own way.
  std::string OtherLibrary() {
    return Pick({"#!lua name=other", "#!lua name=other", "#!lua name=other", "#!lua", "no header",
                 "#!lua name=other extra=1", "#!js name=other"}) +
           "\n" +
           Pick({"redis.register_function('other', function() return 1 end)",
                 std::string(kWithFlags), "redis.register_function('run', function() end)",
                 "new_global = 1", "this does not compile", "", "local x = string.format('x')",
                 "redis.call('GET', 'a')", "redis.log(redis.LOG_NOTICE, 'loading')",
                 "local t = nil; t.x = 1", std::string(kTwoOfOneName)});
  }

  std::mt19937 random_;
};

TEST(LuaStoreValkeyTest, RepliesAndDataAreTheSame) {
  TwinStores twins;
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    twins.Clear();
    ASSERT_TRUE(twins.Run({"FUNCTION", "LOAD", std::string(kLibrary)}));
    Generator generator(seed);
    for (int i = 0; i < kCommandsPerSeed; ++i) {
      ASSERT_TRUE(twins.Run(generator.Next())) << "seed " << seed << ", command " << i;
    }
    ASSERT_TRUE(twins.HaveSameData()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace chaac
