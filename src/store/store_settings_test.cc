// What is asked of the store, and which answers put acknowledged reports at risk.
#include "store/store_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "store/testing/lua_store.h"
#include "store/testing/replies.h"
#include "store/testing/resp_server.h"

namespace chaac {
namespace {

using Status = StoreSettingsQuestion::Status;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

StoreSettings Ask(LuaStore* store) {
  StoreSettingsQuestion question;
  std::string commands;
  question.Start(&commands);
  ReplyReader reader;
  reader.Feed(RespServer(store).Feed(commands));
  for (ReplyPtr reply; reader.Next(&reply) == ReplyReader::Status::kReply;) {
    if (question.OnReply(*reply) == Status::kAnswered) return question.settings();
  }
  ADD_FAILURE() << "more replies are due";
  return {};
}

TEST(StoreSettingsTest, AreReadFromInfoAndConfig) {
  LuaStore store;
  EXPECT_EQ(Ask(&store), (StoreSettings{"noeviction", "yes", "always", "valkey 8.1.11"}));
  store.SetConfig("maxmemory-policy", "allkeys-lru");
  store.SetConfig("appendonly", "no");
  store.SetConfig("appendfsync", "everysec");
  EXPECT_EQ(Ask(&store), (StoreSettings{"allkeys-lru", "no", "everysec", "valkey 8.1.11"}));
}

TEST(StoreSettingsTest, WhatTheStoreDoesNotTellIsNotKnown) {
  StoreSettingsQuestion question;
  std::string commands;
  question.Start(&commands);
  EXPECT_EQ(question.OnReply(*ReplyOf("$21\r\nredis_version:7.0.15\r\n\r\n")), Status::kMore);
  EXPECT_EQ(question.OnReply(*ReplyOf("-NOPERM this user has no permissions\r\n")),
            Status::kAnswered);
  EXPECT_EQ(question.settings(),
            (StoreSettings{std::nullopt, std::nullopt, std::nullopt, "redis 7.0.15"}));
  question.Start(&commands);
  EXPECT_EQ(question.OnReply(*ReplyOf("-NOPERM this user has no permissions\r\n")), Status::kMore);
  EXPECT_EQ(question.OnReply(*ReplyOf("*0\r\n")), Status::kAnswered);
  EXPECT_EQ(question.settings(), StoreSettings{});
}

TEST(StoreSettingsTest, AStoreThatCannotTellNowIsAskedAgain) {
  StoreSettingsQuestion question;
  std::string commands;
  for (const std::string error : {"-LOADING Valkey is loading\r\n", "-BUSY a script runs\r\n"}) {
    question.Start(&commands);
    EXPECT_EQ(question.OnReply(*ReplyOf(error)), Status::kMore);
    EXPECT_EQ(question.OnReply(*ReplyOf(error)), Status::kFailed);
    question.Start(&commands);
    EXPECT_EQ(question.OnReply(*ReplyOf("$0\r\n\r\n")), Status::kMore);
    EXPECT_EQ(question.OnReply(*ReplyOf("*0\r\n")), Status::kAnswered);
  }
}

TEST(StoreSettingsTest, EachHasAValueThatIsSafe) {
  const auto risk = [](StoreSetting setting, std::string_view value) {
    return std::string(RiskOf(setting, value, /*acks_by_replicas=*/false));
  };
  EXPECT_THAT(risk(StoreSetting::kMaxmemoryPolicy, "noeviction"), IsEmpty());
  EXPECT_THAT(risk(StoreSetting::kMaxmemoryPolicy, "volatile-ttl"), HasSubstr("noeviction"));
  EXPECT_THAT(risk(StoreSetting::kAppendonly, "yes"), IsEmpty());
  EXPECT_THAT(risk(StoreSetting::kAppendonly, "no"), HasSubstr("appendonly yes"));
  EXPECT_THAT(risk(StoreSetting::kAppendfsync, "always"), IsEmpty());
  for (const auto* value : {"everysec", "no"}) {
    EXPECT_THAT(risk(StoreSetting::kAppendfsync, value), HasSubstr("appendfsync always"));
  }
}

TEST(StoreSettingsTest, WhatReplicasConfirmNeedsNoDiskOfThePrimary) {
  EXPECT_THAT(RiskOf(StoreSetting::kAppendonly, "no", true), IsEmpty());
  EXPECT_THAT(RiskOf(StoreSetting::kAppendfsync, "everysec", true), IsEmpty());
  EXPECT_THAT(RiskOf(StoreSetting::kMaxmemoryPolicy, "allkeys-lru", true), Not(IsEmpty()));
}

TEST(StoreSettingsTest, VersionsThatDoubleAfterACutAreTold) {
  for (const auto* version : {"valkey 7.2.4", "valkey 8.0.1", "valkey 8.0.10", "valkey 8.1.0",
                              "valkey 8.1.9", "valkey 8.1.9-rc1"}) {
    EXPECT_THAT(RiskOf(StoreSetting::kVersion, version, false), HasSubstr("twice")) << version;
  }
  for (const auto* version :
       {"valkey 8.0.11", "valkey 8.1.10", "valkey 8.2.0", "valkey 9.0.0", "redis 7.0.15"}) {
    EXPECT_THAT(RiskOf(StoreSetting::kVersion, version, false), IsEmpty()) << version;
  }
}

}  // namespace
}  // namespace chaac
