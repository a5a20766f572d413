// The handshake against LuaStore, and against the answers of servers that may not hold our data.
#include "store/handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "store/library.h"
#include "store/options.h"
#include "store/testing/lua_store.h"
#include "store/testing/replies.h"
#include "store/testing/resp_server.h"

namespace chaac {
namespace {

using Status = Handshake::Status;
using testing::HasSubstr;

// A whole handshake with `store`; its last status.
Status ShakeHands(LuaStore* store, Handshake* handshake) {
  std::string commands;
  handshake->Start(&commands);
  ReplyReader reader;
  reader.Feed(RespServer(store).Feed(commands));
  Status status = Status::kMore;
  for (ReplyPtr reply;
       status == Status::kMore && reader.Next(&reply) == ReplyReader::Status::kReply;) {
    status = handshake->OnReply(*reply);
  }
  return status;
}

// A handshake whose replies are given, in the order of its commands: CLIENT SETNAME, INFO, FUNCTION
// LOAD, FUNCTION LIST, SET, GET.
Status Hear(const std::vector<std::string>& replies, Handshake* handshake) {
  std::string commands;
  handshake->Start(&commands);
  Status status = Status::kMore;
  for (const std::string& reply : replies) {
    if (status == Status::kMore) status = handshake->OnReply(*ReplyOf(reply));
  }
  return status;
}

std::string Bulk(std::string_view text) {
  std::string bulk;
  AppendBulk(text, &bulk);
  return bulk;
}

std::string ListReply(std::string_view code) {
  return "*1\r\n*4\r\n" + Bulk("library_name") + Bulk(kLibraryName) + Bulk("library_code") +
         Bulk(code);
}

const std::string kInfo = "$12\r\nrole:master\n\r\n";

TEST(HandshakeTest, PreparesAnEmptyStoreAndUsesAPreparedOne) {
  LuaStore store;
  Handshake handshake{Endpoint{}};
  EXPECT_EQ(ShakeHands(&store, &handshake), Status::kReady);
  EXPECT_EQ(store.Get(std::string(kSchemaKey)), kSchemaVersion);
  EXPECT_EQ(store.Execute({"FCALL", "chaac_open_v1", "1", "f", "9"}), "+OPENED\r\n");
  EXPECT_EQ(ShakeHands(&store, &handshake), Status::kReady);
}

TEST(HandshakeTest, TellsWhichNodeAnsweredAndWhomItSucceeds) {
  LuaStore store;
  Handshake handshake{Endpoint{}};
  EXPECT_EQ(ShakeHands(&store, &handshake), Status::kReady);
  EXPECT_EQ(handshake.node(), store.node());
  EXPECT_EQ(handshake.node().predecessor_id, "");
  store.Promote({});
  EXPECT_EQ(ShakeHands(&store, &handshake), Status::kReady);
  EXPECT_EQ(handshake.node(), store.node());
  EXPECT_EQ(handshake.node().predecessor_id.size(), 40U);
}

TEST(HandshakeTest, ANodeThatHidesItsIdIsNotTakenForAnother) {
  const std::string zeros(40, '0');
  for (const std::string& info :
       {std::string("role:master\r\n"),
        "role:master\r\nmaster_replid:" + zeros + "\r\nmaster_replid2:" + zeros + "\r\n"}) {
    Handshake handshake{Endpoint{}};
    EXPECT_EQ(Hear({"+OK\r\n", Bulk(info)}, &handshake), Status::kMore);
    EXPECT_EQ(handshake.node(), StoreNode{});
  }
}

TEST(HandshakeTest, AStoreInClusterModeIsIncompatible) {
  Handshake handshake{Endpoint{}};
  EXPECT_EQ(
      Hear({"+OK\r\n", Bulk("role:master\r\n# Cluster\r\ncluster_enabled:1\r\n")}, &handshake),
      Status::kIncompatible);
  EXPECT_THAT(handshake.error(), HasSubstr("cluster mode"));
  EXPECT_EQ(
      Hear({"+OK\r\n", Bulk("role:master\r\n# Cluster\r\ncluster_enabled:0\r\n")}, &handshake),
      Status::kMore);
}

TEST(HandshakeTest, SaysWhoWeAreFirst) {
  std::string commands;
  Handshake{Endpoint{.password = "secret"}}.Start(&commands);
  EXPECT_THAT(commands,
              testing::StartsWith("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n*3\r\n$6\r\nCLIENT"));
  commands.clear();
  Handshake{Endpoint{.username = "u", .password = "p", .database = 3}}.Start(&commands);
  EXPECT_THAT(commands,
              testing::StartsWith(
                  "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n"));
}

TEST(HandshakeTest, AWrongPasswordNeedsSomebody) {
  Handshake handshake{Endpoint{.password = "p", .database = 1}};
  EXPECT_EQ(Hear({"-WRONGPASS invalid\r\n"}, &handshake), Status::kIncompatible);
  EXPECT_THAT(handshake.error(), HasSubstr("--valkey-password-file"));
  EXPECT_EQ(Hear({"+OK\r\n", "-ERR DB index is out of range\r\n"}, &handshake),
            Status::kIncompatible);
  Handshake anonymous{Endpoint{}};
  EXPECT_EQ(Hear({"-NOAUTH Authentication required.\r\n", "-NOAUTH Authentication required.\r\n"},
                 &anonymous),
            Status::kIncompatible);
}

TEST(HandshakeTest, AnEvictingStoreIsRefused) {
  LuaStore store;
  store.SetConfig("maxmemory-policy", "allkeys-lru");
  Handshake handshake{Endpoint{}};
  EXPECT_EQ(ShakeHands(&store, &handshake), Status::kIncompatible);
  EXPECT_THAT(handshake.error(), HasSubstr("maxmemory-policy is allkeys-lru"));
}

TEST(HandshakeTest, AReplicaMayBecomeAPrimary) {
  Handshake handshake{Endpoint{}};
  EXPECT_EQ(Hear({"+OK\r\n", "$12\r\nrole:slave\r\n\r\n"}, &handshake), Status::kNotNow);
  EXPECT_THAT(handshake.error(), HasSubstr("replica"));
}

TEST(HandshakeTest, AnotherLibraryOfTheNameIsNeverReplaced) {
  LuaStore store;
  const std::string other =
      "#!lua name=chaac_v1\nredis.register_function('chaac_commit_v1', function() return 1 end)";
  store.Execute({"FUNCTION", "LOAD", other});
  Handshake handshake{Endpoint{}};
  EXPECT_EQ(ShakeHands(&store, &handshake), Status::kIncompatible);
  EXPECT_THAT(handshake.error(), HasSubstr("FUNCTION DELETE chaac_v1"));
  EXPECT_EQ(store.Execute({"FCALL", "chaac_commit_v1", "0"}), ":1\r\n");
}

TEST(HandshakeTest, AFunctionNameTakenByAnotherLibraryIsTold) {
  LuaStore store;
  store.Execute({"FUNCTION", "LOAD",
                 "#!lua name=theirs\nredis.register_function('chaac_commit_v1', function() end)"});
  Handshake handshake{Endpoint{}};
  EXPECT_EQ(ShakeHands(&store, &handshake), Status::kNotNow);
  EXPECT_THAT(handshake.error(), HasSubstr("chaac_commit_v1 already exists"));
}

TEST(HandshakeTest, AnotherSchemaIsRefused) {
  LuaStore store;
  store.Execute({"SET", std::string(kSchemaKey), "2"});
  Handshake handshake{Endpoint{}};
  EXPECT_EQ(ShakeHands(&store, &handshake), Status::kIncompatible);
  EXPECT_THAT(handshake.error(), HasSubstr("schema version 2"));
  EXPECT_EQ(store.Get(std::string(kSchemaKey)), "2");
}

TEST(HandshakeTest, AFullStoreIsUsedWhenItHasEverything) {
  LuaStore store;
  Handshake handshake{Endpoint{}};
  const std::string full = "-OOM command not allowed when used memory > 'maxmemory'.";
  store.SetError(full);
  EXPECT_EQ(Hear({"+OK\r\n", kInfo, full + "\r\n", "*0\r\n"}, &handshake), Status::kNotNow);
  EXPECT_THAT(handshake.error(), HasSubstr("OOM"));
  EXPECT_EQ(Hear({"+OK\r\n", kInfo, "-ERR Library 'chaac_v1' already exists\r\n",
                  ListReply(kLibraryCode), full + "\r\n", "$-1\r\n"},
                 &handshake),
            Status::kNotNow);
  EXPECT_EQ(
      Hear({"+OK\r\n", kInfo, full + "\r\n", ListReply(kLibraryCode), full + "\r\n", "$1\r\n1\r\n"},
           &handshake),
      Status::kReady);
}

TEST(HandshakeTest, AStoreThatRefusesWritesCanBeReadWhenItHasEverything) {
  for (const std::string error : {"-MISCONF disk", "-NOREPLICAS few"}) {
    Handshake handshake{Endpoint{}};
    EXPECT_EQ(Hear({"+OK\r\n", kInfo, error + "\r\n", ListReply(kLibraryCode), error + "\r\n",
                    "$1\r\n1\r\n"},
                   &handshake),
              Status::kReady);
  }
}

TEST(HandshakeTest, AUserWhoMayNotLoadFunctionsNeedsThemToBeThere) {
  Handshake handshake{Endpoint{}};
  const std::string refused = "-NOPERM no permissions to run the 'function|load' command\r\n";
  EXPECT_EQ(Hear({"+OK\r\n", kInfo, refused, ListReply(kLibraryCode), "$-1\r\n", "$1\r\n1\r\n"},
                 &handshake),
            Status::kReady);
  EXPECT_EQ(Hear({"+OK\r\n", kInfo, refused, "*0\r\n"}, &handshake), Status::kNotNow);
  EXPECT_THAT(handshake.error(), HasSubstr("chaac load"));
}

TEST(HandshakeTest, TheRightToWaitIsCheckedWhereItIsNeeded) {
  Handshake handshake{Endpoint{}, /*waits=*/true};
  EXPECT_EQ(
      Hear({"+OK\r\n", kInfo, "-NOPERM no permissions to run the 'wait' command\r\n"}, &handshake),
      Status::kIncompatible);
  EXPECT_THAT(handshake.error(), HasSubstr("'wait' command"));
  EXPECT_EQ(Hear({"+OK\r\n", kInfo, ":0\r\n", "+chaac_v1\r\n", ListReply(kLibraryCode), "+OK\r\n",
                  "$1\r\n1\r\n"},
                 &handshake),
            Status::kReady);
}

TEST(HandshakeTest, AStoreWithoutFunctionsIsRefused) {
  Handshake handshake{Endpoint{}};
  EXPECT_EQ(Hear({"+OK\r\n", kInfo, "-ERR unknown command `FUNCTION`, with args\r\n"}, &handshake),
            Status::kIncompatible);
  EXPECT_THAT(handshake.error(), HasSubstr("Redis 7 or later"));
}

TEST(HandshakeTest, WhatPassesIsTriedAgain) {
  Handshake handshake{Endpoint{}};
  EXPECT_EQ(Hear({"-ERR unknown command `CLIENT`\r\n", "-LOADING the dataset\r\n"}, &handshake),
            Status::kNotNow);
  EXPECT_THAT(handshake.error(), HasSubstr("LOADING"));
  EXPECT_EQ(Hear({"+OK\r\n", kInfo, "-BUSY script\r\n"}, &handshake), Status::kNotNow);
  Endpoint with_password;
  with_password.password = "secret";
  Handshake login{with_password};
  EXPECT_EQ(Hear({"-ERR max number of clients reached\r\n"}, &login), Status::kNotNow);
  EXPECT_EQ(Hear({"+OK\r\n", "-NOPERM no INFO\r\n"}, &handshake), Status::kIncompatible);
}

}  // namespace
}  // namespace chaac
