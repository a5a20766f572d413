// SentinelQuestion against answers as Valkey's Sentinel gives them, and lists of Sentinels as text.
#include "store/sentinel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/testing/replies.h"

namespace chaac {
namespace {

using Status = SentinelQuestion::Status;
using testing::HasSubstr;

// The last status after these replies, and the question that got them.
Status Hear(const std::vector<std::string>& replies, SentinelQuestion* question,
            const Endpoint& sentinel = {}) {
  std::string out;
  question->Start(sentinel, "weather", &out);
  Status status = Status::kMore;
  for (const std::string& reply : replies) status = question->OnReply(*ReplyOf(reply));
  return status;
}

TEST(SentinelQuestionTest, AsksForThePrimaryByName) {
  SentinelQuestion question;
  std::string out;
  question.Start({}, "weather", &out);
  EXPECT_EQ(out, "*3\r\n$8\r\nSENTINEL\r\n$23\r\nGET-MASTER-ADDR-BY-NAME\r\n$7\r\nweather\r\n");
  out.clear();
  question.Start({.username = "u", .password = "p"}, "weather", &out);
  EXPECT_THAT(out, testing::StartsWith("*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n*3\r\n"));
  out.clear();
  question.Start({.password = "p"}, "weather", &out);
  EXPECT_THAT(out, testing::StartsWith("*2\r\n$4\r\nAUTH\r\n$1\r\np\r\n*3\r\n"));
}

TEST(SentinelQuestionTest, ReadsTheAddress) {
  SentinelQuestion question;
  EXPECT_EQ(Hear({"*2\r\n$8\r\n10.0.0.7\r\n$4\r\n6380\r\n"}, &question), Status::kAnswered);
  EXPECT_EQ(question.host(), "10.0.0.7");
  EXPECT_EQ(question.port(), 6380);
  EXPECT_EQ(Hear({"+OK\r\n", "*2\r\n$1\r\nh\r\n$4\r\n6381\r\n"}, &question, {.password = "p"}),
            Status::kAnswered);
  EXPECT_EQ(question.host(), "h");
}

TEST(SentinelQuestionTest, AWrongNameOrPasswordIsNamed) {
  SentinelQuestion question;
  EXPECT_EQ(Hear({"*-1\r\n"}, &question), Status::kRefused);
  EXPECT_THAT(question.error(), HasSubstr("no primary named \"weather\""));
  EXPECT_THAT(question.error(), HasSubstr("--valkey-sentinel-master"));
  EXPECT_EQ(Hear({"-WRONGPASS invalid\r\n"}, &question, {.password = "p"}), Status::kRefused);
  EXPECT_THAT(question.error(), HasSubstr("--valkey-sentinel-password-file"));
  EXPECT_EQ(Hear({"-NOAUTH Authentication required.\r\n"}, &question), Status::kRefused);
  EXPECT_THAT(question.error(), HasSubstr("--valkey-sentinel-password-file"));
  EXPECT_EQ(Hear({"-ERR unknown command 'SENTINEL', with args\r\n"}, &question), Status::kRefused);
  EXPECT_THAT(question.error(), HasSubstr("no Sentinel"));
}

TEST(SentinelQuestionTest, WhatIsNoAnswerMakesTheNextOneBeAsked) {
  SentinelQuestion question;
  for (const std::string reply :
       {"-LOADING data\r\n", "*2\r\n$0\r\n\r\n$4\r\n6380\r\n", "*2\r\n$1\r\nh\r\n$1\r\n0\r\n",
        "*2\r\n$1\r\nh\r\n$5\r\n65536\r\n", "*2\r\n$1\r\nh\r\n$2\r\n7x\r\n"}) {
    EXPECT_EQ(Hear({reply}, &question), Status::kNotNow) << reply;
    EXPECT_FALSE(question.error().empty());
  }
}

TEST(SentinelsTest, AreReadFromText) {
  const auto sentinels = ParseSentinels("a,b:7000,[2001:db8::1]:7001").value();
  ASSERT_EQ(sentinels.size(), 3U);
  EXPECT_EQ(sentinels[0].host, "a");
  EXPECT_EQ(sentinels[0].port, Sentinels::kDefaultPort);
  EXPECT_EQ(sentinels[1].port, 7000);
  EXPECT_EQ(sentinels[2].host, "2001:db8::1");
  for (const std::string wrong : {"", ",", "a,", "a:", "a:b:c", "p@a", "valkey://a"}) {
    EXPECT_FALSE(ParseSentinels(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace chaac
