// Bodies that were made before, over a real server.
#include "http/cached_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "http/testing/test_server.h"

namespace chaac {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr MonotonicTime kNow{std::chrono::hours(1)};

class CachedAnswerTest : public ::testing::Test {
 protected:
  CachedAnswerTest() { responder_.Attach(&server_.http()); }

  testing::Answer Ask(const std::string& method, const std::string& header_lines = "") {
    testing::Client client(server_);
    EXPECT_TRUE(client.Send(method + " / HTTP/1.1\r\nHost: a\r\n" + header_lines + "\r\n"));
    return client.Read(method == "HEAD" ? testing::Client::To::kHead : testing::Client::To::kGet);
  }

  std::shared_ptr<CachedBody> cached_ = std::make_shared<CachedBody>(MakeCachedBody("[1]"));
  EventLoop loop_;  // Its clocks alone are used.
  RouteMetrics metrics_;
  Responder responder_{&loop_, &metrics_};
  testing::TestServer server_{
      [this](testing::TestServer&, const Request& request, RequestToken token) {
        AnswerCached(&responder_, Remember(Route::kStats, request, token, loop_.Now()),
                     {.body = cached_->body, .headers = cached_->headers, .etag = cached_->etag},
                     cached_);
      }};
};

TEST_F(CachedAnswerTest, SendsTheBodyWithItsTag) {
  const testing::Answer answer = Ask("GET");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "[1]");
  EXPECT_THAT(answer.head, HasSubstr("ETag: " + cached_->etag + "\r\n"));
  EXPECT_THAT(answer.head, HasSubstr("Cache-Control: public, max-age=1\r\n"));
  EXPECT_THAT(Ask("HEAD").head, HasSubstr("Content-Length: 3\r\n"));
}

TEST_F(CachedAnswerTest, SendsLargeBodiesFromWhereTheyAre) {
  *cached_ = MakeCachedBody(std::string(1'000'000, 'x'));
  const testing::Answer answer = Ask("GET");
  EXPECT_EQ(answer.body, cached_->body);
  EXPECT_THAT(answer.head, HasSubstr("Content-Length: 1000000\r\n"));
  EXPECT_THAT(answer.head, HasSubstr("Cache-Control: public, max-age=1\r\n"));
  EXPECT_THAT(Ask("HEAD").head, HasSubstr("Content-Length: 1000000\r\n"));
}

TEST_F(CachedAnswerTest, SendsNothingThatTheClientHas) {
  const testing::Answer answer = Ask("GET", "If-None-Match: " + cached_->etag + "\r\n");
  EXPECT_EQ(answer.status, 304);
  EXPECT_THAT(answer.head, HasSubstr("ETag: " + cached_->etag + "\r\n"));
  EXPECT_EQ(Ask("GET", "If-None-Match: \"other\"\r\n").status, 200);
}

TEST_F(CachedAnswerTest, RemembersNoLongListOfTags) {
  const std::string fits(kIfNoneMatchBytesMax - cached_->etag.size() - 1, ',');
  EXPECT_EQ(Ask("GET", "If-None-Match: " + fits + "," + cached_->etag + "\r\n").status, 304);
  EXPECT_EQ(Ask("GET", "If-None-Match: ," + fits + "," + cached_->etag + "\r\n").status, 200);
}

TEST(FreshSnapshotTest, IsTheNewestUnlessThatIsTooOld) {
  SnapshotBoard board;
  EXPECT_EQ(FreshSnapshot(board, kNow).error().code, ErrorCode::kStoreUnavailable);
  Snapshot snapshot;
  snapshot.taken_at_monotonic = kNow;
  board.Publish(std::make_shared<const Snapshot>(snapshot));
  EXPECT_EQ(FreshSnapshot(board, kNow + seconds(10)).value(), board.Newest());
  const auto later = kNow + seconds(10) + std::chrono::nanoseconds(1);
  EXPECT_EQ(FreshSnapshot(board, later).error().code, ErrorCode::kStoreUnavailable);
}

}  // namespace
}  // namespace chaac
