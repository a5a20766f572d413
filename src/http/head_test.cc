// The scanner's resumption and the fields of a parsed head. What is refused:
// request_reader_test.cc.
#include "http/head.h"

#include <gtest/gtest.h>

#include <string>

#include "http/head_scanner.h"

namespace chaac {
namespace {

TEST(HeadScannerTest, FindsTheEndAndLooksNoFurther) {
  HeadScanner scanner;
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  ASSERT_EQ(scanner.Scan(head + "\n\n", {}), ScanOutcome::kComplete);
  EXPECT_EQ(scanner.start(), 0U);
  EXPECT_EQ(scanner.end(), head.size());
}

TEST(HeadScannerTest, SkipsOneEmptyLine) {
  HeadScanner scanner;
  const std::string head = "\r\nGET / HTTP/1.1\r\n\r\n";
  EXPECT_EQ(scanner.Scan(head.substr(0, 1), {}), ScanOutcome::kIncomplete);
  EXPECT_EQ(scanner.Scan(head.substr(0, 2), {}), ScanOutcome::kIncomplete);
  EXPECT_EQ(scanner.Scan(head, {}), ScanOutcome::kComplete);
  EXPECT_EQ(scanner.start(), 2U);
  EXPECT_EQ(scanner.end(), head.size());
}

TEST(HeadScannerTest, DoesNotLookAgainAtBytesItHasSeen) {
  HeadScanner scanner;
  std::string head = "GET / HTTP/1.1\r\n";
  ASSERT_EQ(scanner.Scan(head, {}), ScanOutcome::kIncomplete);
  head.replace(0, head.size(), head.size(), '\0');
  EXPECT_EQ(scanner.Scan(head + "\r\n", {}), ScanOutcome::kComplete);
}

TEST(HeadScannerTest, RefusesAtTheBadByte) {
  HeadScanner scanner;
  EXPECT_EQ(scanner.Scan("GET / HTTP/1.1", {}), ScanOutcome::kIncomplete);
  EXPECT_EQ(scanner.Scan("GET / HTTP/1.1\n", {}), ScanOutcome::kRefused);
}

// REQUIRES: `text` is a complete head.
RequestHead Parse(const std::string& text) {
  HeadScanner scanner;
  EXPECT_EQ(scanner.Scan(text, {}), ScanOutcome::kComplete);
  RequestHead head;
  const auto fault = ParseHead(text, scanner.start(), {}, &head);
  EXPECT_FALSE(fault.has_value()) << fault->detail;
  return head;
}

TEST(ParseHeadTest, FindsTheFieldsThatRoutesAskFor) {
  const std::string text =
      "\r\nPUT /a/b%20c?d=e&f HTTP/1.1\r\nHost: example.org:8081\r\nContent-Type:  text/plain \r\n"
      "ACCEPT: text/html\r\nAccept: application/json\r\nif-none-match: \"1\"\r\n"
      "Idempotency-Key: k\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n";
  const RequestHead head = Parse(text);
  EXPECT_EQ(head.method, Method::kPut);
  EXPECT_EQ(head.persistence, Persistence::kKeepAlive);
  EXPECT_EQ(head.framing, BodyFraming::kContentLength);
  EXPECT_EQ(head.content_length, 12U);
  EXPECT_TRUE(head.expects_continue);
  EXPECT_EQ(head.path.In(text.data()), "/a/b%20c");
  EXPECT_EQ(head.query.In(text.data()), "d=e&f");
  EXPECT_EQ(head.content_type.In(text.data()), "text/plain");
  EXPECT_EQ(head.accept.In(text.data()), "text/html");
  EXPECT_EQ(head.if_none_match.In(text.data()), "\"1\"");
  EXPECT_EQ(head.idempotency_key.In(text.data()), "k");
}

TEST(ParseHeadTest, AbsentFieldsAreEmpty) {
  const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const RequestHead head = Parse(text);
  EXPECT_EQ(head.query.In(text.data()), "");
  EXPECT_EQ(head.content_type.In(text.data()), "");
  EXPECT_EQ(head.content_length, 0U);
  EXPECT_FALSE(head.expects_continue);
}

TEST(ParseHeadTest, KnowsTheMethods) {
  const auto method = [](const std::string& name) {
    return Parse(name + " / HTTP/1.1\r\nHost: a\r\n\r\n").method;
  };
  EXPECT_EQ(method("GET"), Method::kGet);
  EXPECT_EQ(method("HEAD"), Method::kHead);
  EXPECT_EQ(method("POST"), Method::kPost);
  EXPECT_EQ(method("PUT"), Method::kPut);
  EXPECT_EQ(method("DELETE"), Method::kDelete);
  EXPECT_EQ(method("PATCH"), Method::kPatch);
  EXPECT_EQ(method("OPTIONS"), Method::kOptions);
  EXPECT_EQ(method("TRACE"), Method::kOther);
  EXPECT_EQ(method("get"), Method::kOther);
}

TEST(ParseHeadTest, PersistenceFollowsVersionAndConnection) {
  const auto persistence = [](const std::string& version, const std::string& lines) {
    return Parse("GET / " + version + "\r\nHost: a\r\n" + lines + "\r\n").persistence;
  };
  EXPECT_EQ(persistence("HTTP/1.1", ""), Persistence::kKeepAlive);
  EXPECT_EQ(persistence("HTTP/1.1", "Connection: keep-alive\r\n"), Persistence::kKeepAlive);
  EXPECT_EQ(persistence("HTTP/1.1", "Connection: x, Close\r\n"), Persistence::kClose);
  EXPECT_EQ(persistence("HTTP/1.1", "Connection: x\r\nCONNECTION: close\r\n"), Persistence::kClose);
  EXPECT_EQ(persistence("HTTP/1.1", "Proxy-Connection: close\r\n"), Persistence::kKeepAlive);
  EXPECT_EQ(persistence("HTTP/1.0", ""), Persistence::kClose);
  EXPECT_EQ(persistence("HTTP/1.0", "Connection: keep-alive, close\r\n"), Persistence::kClose);
  EXPECT_EQ(persistence("HTTP/1.0", "Connection: Keep-Alive\r\n"), Persistence::kKeepAliveExplicit);
}

}  // namespace
}  // namespace chaac
