// Streams of requests, each read whole, byte by byte, and cut at every place: one verdict.
#include "http/request_reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/testing/stream.h"

namespace chaac {
namespace {

using ::testing::HasSubstr;
using testing::ReadStream;
using testing::ReadWhole;
using testing::StreamVerdict;

// The verdict on the whole, after checking that it is the same however the bytes arrive.
StreamVerdict Verdict(const std::string& stream, const HttpLimits& limits = {}) {
  const StreamVerdict whole = ReadWhole(stream, limits);
  EXPECT_EQ(ReadStream(stream, limits, 1, 1), whole) << "byte by byte";
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    EXPECT_EQ(ReadStream(stream, limits, cut, stream.size()), whole) << "cut at " << cut;
  }
  return whole;
}

std::string Get(const std::string& lines) { return "GET / HTTP/1.1\r\n" + lines + "\r\n"; }
std::string Post(const std::string& lines, const std::string& body = "") {
  return "POST /api/weather HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n" + body;
}
const std::string kChunkedLine = "Transfer-Encoding: chunked\r\n";

struct Refused {
  std::string stream;
  ErrorCode code;
  std::string detail;  // Part of it.
};

void ExpectRefused(const std::vector<Refused>& cases) {
  for (const Refused& refused : cases) {
    SCOPED_TRACE(refused.stream);
    const StreamVerdict verdict = Verdict(refused.stream);
    EXPECT_TRUE(verdict.requests.empty());
    ASSERT_TRUE(verdict.refused.has_value());
    EXPECT_EQ(*verdict.refused, refused.code);
    EXPECT_THAT(verdict.detail, HasSubstr(refused.detail));
  }
}

TEST(RequestReaderTest, RefusesAmbiguousLengths) {
  constexpr auto kCode = ErrorCode::kMalformedHttp;
  ExpectRefused({
      {Post("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "{}"), kCode,
       "send one of them"},
      {Post("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "{}"), kCode,
       "send one of them"},
      {Post("Content-Length: 2\r\nTransfer-Encoding: gzip\r\n", "{}"), kCode, "send one of them"},
      {Post("Content-Length: 2\r\nContent-Length: 2\r\n", "{}"), kCode, "more than once"},
      {Post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), kCode, "more than once"},
      {Post("Content-Length: 2, 2\r\n", "{}"), kCode, "decimal number"},
      {Post("Content-Length: +5\r\n", "{}   "), kCode, "decimal number"},
      {Post("Content-Length: -1\r\n"), kCode, "decimal number"},
      {Post("Content-Length: \r\n"), kCode, "decimal number"},
      {Post("Content-Length: 0x2\r\n", "{}"), kCode, "decimal number"},
      {Post("Content-Length: 2 2\r\n", "{}"), kCode, "decimal number"},
      {Post("Content-Length: 2.0\r\n", "{}"), kCode, "decimal number"},
      {Post("Content-Length: 18446744073709551616\r\n"), kCode, "decimal number"},
      {Post("Content-Length: 18446744073709551618\r\n", "{}"), kCode, "decimal number"},
      {Post("Transfer-Encoding: xchunked\r\n"), kCode, "exactly 'chunked'"},
      {Post("Transfer-Encoding: chunked, identity\r\n"), kCode, "exactly 'chunked'"},
      {Post("Transfer-Encoding: identity\r\n"), kCode, "exactly 'chunked'"},
      {Post("Transfer-Encoding: gzip, chunked\r\n"), kCode, "exactly 'chunked'"},
      {Post("Transfer-Encoding: chunked, chunked\r\n"), kCode, "exactly 'chunked'"},
      {Post("Transfer-Encoding: \"chunked\"\r\n"), kCode, "exactly 'chunked'"},
      {Post("Transfer-Encoding:\r\n"), kCode, "exactly 'chunked'"},
      {Post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"), kCode, "once"},
      {Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), kCode, "once"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", kCode, "HTTP/1.0"},
  });
}

TEST(RequestReaderTest, RefusesForbiddenBytesAndLineEnds) {
  constexpr auto kCode = ErrorCode::kMalformedHttp;
  using namespace std::string_literals;
  ExpectRefused({
      {"GET / HTTP/1.1\nHost: a\n\n", kCode, "bare LF"},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n", kCode, "bare LF"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", kCode, "bare LF"},
      {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", kCode, "bare LF"},
      {"GET / HTTP/1.1\rHost: a\r\r", kCode, "CR"},
      {"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", kCode, "CR"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\rX", kCode, "CR"},
      {"\rGET / HTTP/1.1\r\n", kCode, "CR"},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", kCode, "0x0d"},
      {"\0GET / HTTP/1.1\r\n"s, kCode, "0x00"},
      {"GE\0T / HTTP/1.1\r\n"s, kCode, "0x00"},
      {"GET /a\0b HTTP/1.1\r\n"s, kCode, "0x00"},
      {"GET / HT\0TP/1.1\r\n"s, kCode, "0x00"},
      {"GET / HTTP/1.1\r\nHo\0st: a\r\n\r\n"s, kCode, "0x00"},
      {"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"s, kCode, "0x00"},
      {"GET / HTTP/1.1\r\n\0Host: a\r\n\r\n"s, kCode, "0x00"},
      {Get("Host: a\r\nX: a\x01z\r\n"), kCode, "0x01"},
      {Get("Host: a\r\nX: a\x7fz\r\n"), kCode, "0x7f"},
      {Get("Host: a\r\nX: folded\r\n line\r\n"), kCode, "folded"},
      {Get("Host: a\r\nX: folded\r\n\tline\r\n"), kCode, "folded"},
      {Get(" Host: a\r\n"), kCode, "folded"},
      {"GET /caf\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", kCode, "percent-encoded"},
      {"GET /\t HTTP/1.1\r\nHost: a\r\n\r\n", kCode, "0x09"},
      {"GET  HTTP/1.1\r\nHost: a\r\n\r\n", kCode, "0x20"},
      {"GET /\r\n\r\n", kCode, "0x0d"},
      {" GET / HTTP/1.1\r\n", kCode, "0x20"},
      {"G{T / HTTP/1.1\r\n", kCode, "0x7b"},
      {"\x16\x03\x01", kCode, "0x16"},  // A TLS client.
  });
}

TEST(RequestReaderTest, RefusesHeadsThatAreNotHttp) {
  constexpr auto kCode = ErrorCode::kMalformedHttp;
  ExpectRefused({
      {Get("Host : a\r\n"), kCode, "colon"},
      {Get("Host: a\r\nX y: 1\r\n"), kCode, "colon"},
      {Get("Host: a\r\nno colon\r\n"), kCode, "colon"},
      {Get("Host: a\r\nConnection: keep alive\r\n"), kCode, "list of names"},
      {Get("Host: a\r\nConnection: close;q=1\r\n"), kCode, "list of names"},
      {Get("Host: a\r\n: empty\r\n"), kCode, "0x3a"},
      {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", kCode, "HTTP"},
      {"GET / extra HTTP/1.1\r\nHost: a\r\n\r\n", kCode, "HTTP"},
      {"GET / http/1.1\r\nHost: a\r\n\r\n", kCode, "HTTP/1.1"},
      {"GET / HTTP/11\r\nHost: a\r\n\r\n", kCode, "HTTP/1.1"},
      {"GET / \r\nHost: a\r\n\r\n", kCode, "HTTP/1.1"},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", ErrorCode::kHttpVersion, "HTTP/1.1"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ErrorCode::kHttpVersion, "HTTP/1.1"},
      {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", ErrorCode::kHttpVersion, "HTTP/1.1"},
      {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", ErrorCode::kHttpVersion, "HTTP/1.1"},
  });
}

TEST(RequestReaderTest, RefusesWrongHostsTargetsAndProtocols) {
  constexpr auto kCode = ErrorCode::kMalformedHttp;
  ExpectRefused({
      {Get(""), kCode, "Host is missing"},
      {Get("Host: a\r\nHost: a\r\n"), kCode, "Host is given more than once"},
      {Get("Host:\r\n"), kCode, "optional port"},
      {Get("Host: a b\r\n"), kCode, "optional port"},
      {Get("Host: a/b\r\n"), kCode, "optional port"},
      {Get("Host: u@a\r\n"), kCode, "optional port"},
      {Get("Host: a:http\r\n"), kCode, "optional port"},
      {Get("Host: a:1:2\r\n"), kCode, "optional port"},
      {Get("Host: [::1\r\n"), kCode, "optional port"},
      {Get("Host: []\r\n"), kCode, "optional port"},
      {Get("Host: caf\xc3\xa9\r\n"), kCode, "optional port"},
      {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", kCode, "Host is given more than once"},
      {"GET stats HTTP/1.1\r\nHost: a\r\n\r\n", kCode, "begins with '/'"},
      {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", kCode, "begins with '/'"},
      {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", kCode, "begins with '/'"},
      {"GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", kCode, "another host"},
      {"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", kCode, "another host"},
      {"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", kCode, "another host"},
      {"GET /#top HTTP/1.1\r\nHost: a\r\n\r\n", kCode, "fragment"},
      {"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", kCode, "CONNECT"},
      {Get("Host: a\r\nUpgrade: h2c\r\n"), kCode, "Upgrade"},
      {Get("Host: a\r\nConnection: upgrade\r\n"), kCode, "Upgrade"},
      {Get("Host: a\r\nConnection: keep-alive, Upgrade\r\n"), kCode, "Upgrade"},
      {Post("Content-Type: a/b\r\nContent-Type: c/d\r\n"), kCode, "Content-Type"},
      {Post("Idempotency-Key: 1\r\nidempotency-key: 1\r\n"), kCode, "Idempotency-Key"},
      {Post("Expect: 200-ok\r\n"), ErrorCode::kExpectationFailed, "100-continue"},
      {Post("Expect: 100-continue\r\nExpect: 100-continue\r\n"), ErrorCode::kExpectationFailed, ""},
  });
}

TEST(RequestReaderTest, RefusesBadChunks) {
  constexpr auto kCode = ErrorCode::kMalformedHttp;
  using namespace std::string_literals;
  ExpectRefused({
      {Post(kChunkedLine, "\r\n"), kCode, "hexadecimal"},
      {Post(kChunkedLine, "x\r\n"), kCode, "hexadecimal"},
      {Post(kChunkedLine, "-1\r\n"), kCode, "hexadecimal"},
      {Post(kChunkedLine, "+2\r\n{}\r\n"), kCode, "hexadecimal"},
      {Post(kChunkedLine, "0x2\r\n{}\r\n"), kCode, "hexadecimal"},
      {Post(kChunkedLine, " 2\r\n{}\r\n"), kCode, "hexadecimal"},
      {Post(kChunkedLine, "2 \r\n{}\r\n"), kCode, "hexadecimal"},
      {Post(kChunkedLine, "2\n{}\n0\n\n"), kCode, "hexadecimal"},
      {Post(kChunkedLine, "\0"s), kCode, "hexadecimal"},
      {Post(kChunkedLine, "00000000000000002\r\n{}\r\n"), kCode, "hexadecimal"},
      {Post(kChunkedLine, "2\r{}"), kCode, "CR LF"},
      {Post(kChunkedLine, "2\r\n{}0\r\n\r\n"), kCode, "longer than its size"},
      {Post(kChunkedLine, "2\r\n{}\n0\r\n\r\n"), kCode, "longer than its size"},
      {Post(kChunkedLine, "2\r\n{}\rX"), kCode, "CR LF"},
      {Post(kChunkedLine, "2;a\nb\r\n"), kCode, "extension"},
      {Post(kChunkedLine, "2;a\0b\r\n"s), kCode, "extension"},
      {Post(kChunkedLine, "2;" + std::string(257, 'a')), kCode, "extension"},
      {Post(kChunkedLine, "0\r\nno colon\r\n\r\n"), kCode, "trailer"},
      {Post(kChunkedLine, "0\r\n: empty\r\n\r\n"), kCode, "trailer"},
      {Post(kChunkedLine, "0\r\n folded\r\n\r\n"), kCode, "trailer"},
      {Post(kChunkedLine, "0\r\na: b\n\r\n"), kCode, "trailer"},
      {Post(kChunkedLine, "0\r\na: \0\r\n\r\n"s), kCode, "trailer"},
      {Post(kChunkedLine, "0\r\n\n"), kCode, "trailer"},
      {Post(kChunkedLine, "0\r\n\rX"), kCode, "CR LF"},
  });
  const std::string trailers = "0\r\na: " + std::string(kTrailerBytesMax, 'b');
  EXPECT_EQ(ReadWhole(Post(kChunkedLine, trailers), {}).refused, kCode);
}

TEST(RequestReaderTest, AcceptsWhatIsUnusualButClear) {
  const std::vector<std::string> streams = {
      Get("Host: a\r\n"),
      "\r\n" + Get("Host: a\r\n"),
      Get("hOsT:a:80\r\nX:\r\nY: \t z \t\r\n"),
      Get("Host: [::1]:8081\r\nX-Obs-Text: caf\xc3\xa9\r\n"),
      Get("Host: a:\r\nConnection: keep-alive, x\r\n"),
      Get("Host: a\r\nConnection:\r\nconnection: , \t,x\r\n"),
      "GET http://A:80/ HTTP/1.1\r\nHost: a:80\r\n\r\n",
      "GET https://a HTTP/1.1\r\nHost: a\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
      "BREW /?a=b?c HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.0\r\n\r\n",
      "GET / HTTP/1.0\r\nExpect: other\r\n\r\n",
      Post("Content-Length: 002\r\n", "{}"),
      Post("TRANSFER-ENCODING: Chunked\r\n", "2;a=\"b\"\r\n{}\r\n000;\r\nTrailer: 1\r\nB:\r\n\r\n"),
      Post(kChunkedLine, "0\r\n\r\n"),
      Post(kChunkedLine, "0000000000000002\r\n{}\r\n0\r\n\r\n"),
  };
  for (const std::string& stream : streams) {
    SCOPED_TRACE(stream);
    const StreamVerdict verdict = Verdict(stream);
    EXPECT_EQ(verdict.detail, "");
    EXPECT_EQ(verdict.requests.size(), 1U);
    EXPECT_FALSE(verdict.partial);
  }
}

TEST(RequestReaderTest, ReadsPipelinedRequestsOfEveryFraming) {
  const StreamVerdict verdict = Verdict(
      "POST /api/weather?x=1 HTTP/1.1\r\nHost: a\r\nContent-Type: text/x\r\nContent-Length: 5\r\n"
      "Idempotency-Key: k-1\r\n\r\nGET /" +
      Post(kChunkedLine, "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n") +
      "HEAD /stats HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" +
      "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(verdict.detail, "");
  ASSERT_EQ(verdict.requests.size(), 4U);
  EXPECT_EQ(verdict.requests[0],
            (testing::StreamRequest{Method::kPost, Persistence::kKeepAlive, "/api/weather", "x=1",
                                    "GET /", "text/x", "k-1"}));
  EXPECT_EQ(verdict.requests[1].body, "abc0123456789");
  EXPECT_EQ(verdict.requests[2].method, Method::kHead);
  EXPECT_EQ(verdict.requests[2].persistence, Persistence::kKeepAliveExplicit);
  EXPECT_EQ(verdict.requests[3].persistence, Persistence::kClose);
}

TEST(RequestReaderTest, AbsoluteFormGivesItsPathAndQuery) {
  const auto read = [](const std::string& target) {
    const StreamVerdict verdict = Verdict("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    return verdict.requests.at(0).path + " " + verdict.requests.at(0).query;
  };
  EXPECT_EQ(read("http://a/stats?x=1"), "/stats x=1");
  EXPECT_EQ(read("HTTP://A?x=1"), "/ x=1");
  EXPECT_EQ(read("https://a"), "/ ");
}

TEST(RequestReaderTest, LimitsHoldToTheByte) {
  HttpLimits limits;
  limits.target_bytes_max = 8;
  limits.body_bytes_max = 10;
  const std::string longest = "GET /1234567 HTTP/1.1\r\nHost: a\r\n\r\n";
  limits.head_bytes_max = longest.size();
  EXPECT_EQ(Verdict(longest, limits).requests.size(), 1U);
  EXPECT_EQ(Verdict("GET /1234567 HTTP/1.1\r\nHost: ab\r\n\r\n", limits).refused,
            ErrorCode::kHeadTooLarge);
  EXPECT_EQ(Verdict("GET /12345678", limits).refused, ErrorCode::kUriTooLong);

  limits.head_bytes_max = 1000;
  limits.target_bytes_max = 100;
  EXPECT_EQ(Verdict(Post("Content-Length: 10\r\n", "0123456789"), limits).requests.size(), 1U);
  EXPECT_EQ(Verdict(Post("Content-Length: 11\r\n"), limits).refused, ErrorCode::kBodyTooLarge);
  EXPECT_EQ(Verdict(Post("Content-Length: 18446744073709551615\r\n"), limits).refused,
            ErrorCode::kBodyTooLarge);
  const std::string eight = Post(kChunkedLine, "8\r\n01234567\r\n");
  EXPECT_EQ(Verdict(eight + "2\r\n89\r\n0\r\n\r\n", limits).requests.size(), 1U);
  EXPECT_EQ(Verdict(eight + "3\r\n", limits).refused, ErrorCode::kBodyTooLarge);
  EXPECT_EQ(Verdict(eight + "FFFFFFFFFFFFFFFF\r\n", limits).refused, ErrorCode::kBodyTooLarge);
}

TEST(RequestReaderTest, AwaitsContinueOnlyWhileNothingOfTheBodyIsThere) {
  const std::string expecting = Post("Expect: 100-Continue\r\nContent-Length: 2\r\n");
  const auto awaits = [](std::string bytes) {
    RequestReader reader;
    Error refusal{};
    reader.Read(bytes.data(), bytes.size(), {}, &refusal);
    return reader.AwaitsContinue();
  };
  EXPECT_TRUE(awaits(expecting));
  EXPECT_FALSE(awaits(expecting + "{"));
  EXPECT_FALSE(awaits(expecting + "{}"));
  EXPECT_FALSE(awaits(expecting.substr(0, expecting.size() - 1)));
  EXPECT_FALSE(awaits(Post("Content-Length: 2\r\n")));
  EXPECT_FALSE(awaits(Post("Expect: 100-continue\r\nContent-Length: 0\r\n")));
  EXPECT_TRUE(awaits(Post("Expect: 100-continue\r\n" + kChunkedLine)));
  EXPECT_FALSE(awaits("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));

  std::string bytes = expecting;
  RequestReader reader;
  Error refusal{};
  reader.Read(bytes.data(), bytes.size(), {}, &refusal);
  reader.ContinueSent();
  EXPECT_FALSE(reader.AwaitsContinue());
  reader.Read(bytes.data(), bytes.size(), {}, &refusal);
  EXPECT_FALSE(reader.AwaitsContinue());
}

}  // namespace
}  // namespace chaac
