// The exact bytes of answers.
#include "http/response_writer.h"

#include <gtest/gtest.h>

#include <string>

namespace chaac {
namespace {

constexpr WallTime kNow{std::chrono::milliseconds{784'111'777'999}};

std::string Written(const Response& response, BodyPart body = BodyPart::kSent,
                    Persistence persistence = Persistence::kKeepAlive) {
  ResponseWriter writer;
  Buffer out;
  writer.Append(response, body, persistence, kNow, &out);
  return std::string(out.view());
}

TEST(HttpDateTest, IsTheFixedFormat) {
  std::string dates;
  AppendHttpDate(std::chrono::sys_seconds{std::chrono::seconds{784'111'777}}, &dates);
  AppendHttpDate(std::chrono::sys_seconds{}, &(dates += "; "));
  EXPECT_EQ(dates, "Sun, 06 Nov 1994 08:49:37 GMT; Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(ResponseWriterTest, WritesJson) {
  EXPECT_EQ(Written({.body = "{}"}),
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
}

TEST(ResponseWriterTest, WritesOtherStatusesTypesAndLines) {
  EXPECT_EQ(Written({.status = 405,
                     .content_type = "text/plain",
                     .body = "no\n",
                     .extra_headers = "Allow: GET\r\n"},
                    BodyPart::kSent, Persistence::kClose),
            "HTTP/1.1 405 Method Not Allowed\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: text/plain\r\nContent-Length: 3\r\nAllow: GET\r\n"
            "Connection: close\r\n\r\nno\n");
}

TEST(ResponseWriterTest, LeavesTheBodyOutForHeadButKeepsItsLength) {
  EXPECT_EQ(Written({.body = "{}"}, BodyPart::kLeftOut, Persistence::kKeepAliveExplicit),
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: application/json\r\nContent-Length: 2\r\n"
            "Connection: keep-alive\r\n\r\n");
}

TEST(ResponseWriterTest, NotModifiedHasNoContent) {
  EXPECT_EQ(Written({.status = 304, .body = "ignored", .extra_headers = "ETag: \"7\"\r\n"}),
            "HTTP/1.1 304 Not Modified\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "ETag: \"7\"\r\n\r\n");
}

TEST(ResponseWriterTest, AppendsAndFollowsTheClock) {
  ResponseWriter writer;
  Buffer out;
  writer.Append({.body = "1"}, BodyPart::kSent, Persistence::kKeepAlive, kNow, &out);
  writer.Append({.body = "2"}, BodyPart::kSent, Persistence::kKeepAlive,
                kNow + std::chrono::milliseconds{1}, &out);
  const std::string all(out.view());
  EXPECT_NE(all.find("08:49:37"), std::string::npos);
  EXPECT_NE(all.find("\r\n\r\n1HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:38 GMT"),
            std::string::npos);
}

}  // namespace
}  // namespace chaac
