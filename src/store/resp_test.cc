// Commands out, replies in, cut anywhere.
#include "store/resp.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "store/testing/replies.h"

namespace chaac {
namespace {

TEST(RespTest, WritesCommands) {
  std::string out = "before";
  AppendCommand({"SET", "", std::string_view("a\r\n\0b", 5)}, &out);
  EXPECT_EQ(out, std::string("before*3\r\n$3\r\nSET\r\n$0\r\n\r\n$5\r\na\r\n") + '\0' + "b\r\n");
  out.clear();
  AppendArrayHeader(2, &out);
  AppendBulk(std::int64_t{-17}, &out);
  AppendBulkHeader(3, &out);
  EXPECT_EQ(out, "*2\r\n$3\r\n-17\r\n$3\r\n");
  out.clear();
  AppendBulk(std::numeric_limits<std::int64_t>::min(), &out);
  EXPECT_EQ(out, "$20\r\n-9223372036854775808\r\n");
}

TEST(RespTest, ReadsRepliesCutAnywhere) {
  const std::string bytes =
      "+OK\r\n-ERR no\r\n:-7\r\n$-1\r\n$4\r\na\r\nb\r\n*2\r\n$1\r\nx\r\n*1\r\n:1\r\n*0\r\n";
  const std::vector<std::string> expected = {"OK", "ERR no", "-7", "nil", "a\r\nb", "x 1", ""};
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    ReplyReader reader;
    std::vector<std::string> read;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      reader.Feed(std::string_view(bytes).substr(at, step));
      ReplyPtr reply;
      while (reader.Next(&reply) == ReplyReader::Status::kReply) read.push_back(WordsOf(*reply));
    }
    EXPECT_EQ(read, expected) << step;
  }
}

TEST(RespTest, TellsErrorsFromTexts) {
  EXPECT_TRUE(IsError(*ReplyOf("-ERR no\r\n")));
  EXPECT_FALSE(IsError(*ReplyOf("+ERR no\r\n")));
  EXPECT_EQ(TextOf(*ReplyOf(":5\r\n")), "");
  EXPECT_EQ(SizeOf(*ReplyOf("$3\r\nabc\r\n")), 0U);
  EXPECT_EQ(SizeOf(*ReplyOf("*2\r\n:1\r\n:2\r\n")), 2U);
}

TEST(RespTest, ARepliesBytesComeBackAsTheyWere) {
  for (const std::string bytes : {"+OK\r\n", "-ERR no\r\n", ":-5\r\n", "$3\r\nabc\r\n", "$-1\r\n",
                                  "*0\r\n", "*3\r\n$5\r\nKNOWN\r\n:0\r\n*1\r\n$0\r\n\r\n"}) {
    std::string again;
    AppendReply(*ReplyOf(bytes), &again);
    EXPECT_EQ(again, bytes);
  }
}

TEST(RespTest, WhatIsNotRespEndsTheConnection) {
  for (const char* bytes :
       {"HTTP/1.1 400 Bad Request\r\n", "?\r\n", ":x\r\n", "$-2\r\n", "*9999999999999\r\n"}) {
    ReplyReader reader;
    reader.Feed(bytes);
    ReplyPtr reply;
    EXPECT_EQ(reader.Next(&reply), ReplyReader::Status::kProtocolError) << bytes;
    reader.Feed("+OK\r\n");
    EXPECT_EQ(reader.Next(&reply), ReplyReader::Status::kProtocolError) << bytes;
  }
}

}  // namespace
}  // namespace chaac
