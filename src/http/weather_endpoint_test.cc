// POST /api/weather over a real server, with the store in memory: the answers, word for word.
#include "http/weather_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "http/testing/test_server.h"
#include "report/catalogue.h"
#include "store/library.h"
#include "store/testing/lua_store.h"
#include "store/testing/resp_server.h"

namespace chaac {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class WeatherEndpointTest : public ::testing::Test {
 protected:
  WeatherEndpointTest() {
    store_.SetTime(WallTime(std::chrono::seconds(1'700'000'000)));
    store_.Execute({"FUNCTION", "LOAD", std::string(kLibraryCode)});
    endpoint_.Attach(&ingest_);
    responder_.Attach(&server_.http());
    ingest_.OnLinkUp(store_.node(), loop_.Now(), &sent_);
    Exchange();
  }

  // The store's end of the connection, at once.
  void Exchange() {
    ReplyReader reader;
    reader.Feed(connection_.Feed(sent_));
    sent_.clear();
    for (ReplyPtr reply; reader.Next(&reply) == ReplyReader::Status::kReply;) {
      ingest_.OnReply(*reply, loop_.Now());
    }
  }

  testing::Answer Post(const std::string& body, const std::string& header_lines = "") {
    testing::Client client(server_);
    EXPECT_TRUE(client.Send("POST /api/weather HTTP/1.1\r\nHost: a\r\n" + header_lines +
                            "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body));
    return client.Read();
  }

  StoreOptions options_{.conditions = Conditions::DefaultSlugs()};
  LuaStore store_;
  RespServer connection_{&store_};
  std::string sent_;
  EventLoop loop_;  // Its clocks alone are used.
  Conditions conditions_{options_.conditions};
  Municipalities municipalities_ = Municipalities::Open(10);
  Decoder decoder_{&municipalities_, &conditions_, {}};
  RouteMetrics route_metrics_;
  IngestMetrics ingest_metrics_;
  Responder responder_{&loop_, &route_metrics_};
  WeatherEndpoint endpoint_{&loop_, &decoder_, &responder_, &ingest_metrics_};
  Ingest ingest_{{},
                 &options_,
                 [this](MunicipalityIndex index) { return municipalities_.Slug(index); },
                 [n = 0]() mutable { return std::to_string(++n); },
                 &endpoint_,
                 &ingest_metrics_};
  testing::TestServer server_{
      [this](testing::TestServer&, const Request& request, RequestToken token) {
        endpoint_.OnPost(request, token);
        for (int i = 0; i < 3; ++i) {  // A refused batch is sealed again without its bad rows.
          ingest_.Seal(loop_.Now(), loop_.WallNow(), &sent_);
          Exchange();
        }
      }};
};

constexpr const char* kReport =
    R"({"municipality":"chinautla","temperature":25,"humidity":60,"weather":"sunny"})";

TEST_F(WeatherEndpointTest, AReportIsAnsweredWithItsId) {
  const testing::Answer answer = Post(kReport);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(
      answer.body,
      R"({"status":"success","message":"weather report stored","id":"tweet-1700000000000000"})");
  EXPECT_EQ(store_.Get("count:chinautla"), "1");
}

TEST_F(WeatherEndpointTest, AnIdempotencyKeyIsTheReportsId) {
  EXPECT_THAT(Post(kReport, "Idempotency-Key: k1\r\n").body, EndsWith(R"("id":"k1"})"));
  EXPECT_THAT(Post(kReport, "Idempotency-Key: k1\r\n").body, EndsWith(R"("id":"k1"})"));
  EXPECT_EQ(store_.Get("count:chinautla"), "1");
  const testing::Answer conflict =
      Post(R"({"municipality":"mixco","temperature":1})", "Idempotency-Key: k1\r\n");
  EXPECT_EQ(conflict.status, 422);
  EXPECT_THAT(conflict.body, HasSubstr("urn:chaac:problem:id-conflict"));
}

TEST_F(WeatherEndpointTest, ABatchIsAnsweredWithItsCountAndItsBadRows) {
  const std::string good = kReport;
  const testing::Answer answer =
      Post("[" + good + R"(,{"municipality":"mixco","temperature":99},)" + good + "]");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body,
              AllOf(StartsWith(R"({"status":"success","accepted":2,"rejected":[{"index":1,)"
                               R"("type":"out-of-range","detail":")"),
                    EndsWith(R"("}],"first_id":"tweet-1700000000000000",)"
                             R"("last_id":"tweet-1700000000000001"})")));
  EXPECT_EQ(ingest_metrics_.rejected[static_cast<std::size_t>(ErrorCode::kOutOfRange)].Value(), 1U);
}

TEST_F(WeatherEndpointTest, NdjsonIsABatch) {
  const testing::Answer answer = Post(std::string(kReport) + "\n" + kReport + "\n",
                                      "Content-Type: Application/X-NDJSON; charset=utf-8\r\n");
  EXPECT_THAT(answer.body, StartsWith(R"({"status":"success","accepted":2,"rejected":[],)"));
  EXPECT_EQ(store_.Get("count:chinautla"), "2");
}

TEST_F(WeatherEndpointTest, ABatchWithoutAGoodRowIsAProblemThatExplainsEach) {
  const testing::Answer answer = Post(R"([{"municipality":"mixco","temperature":99},7])");
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.head, HasSubstr("Content-Type: application/problem+json\r\n"));
  EXPECT_THAT(answer.body, HasSubstr("no row of the batch was accepted; row 0: "));
  EXPECT_THAT(answer.body, HasSubstr(R"("rejected":[{"index":0,"type":"out-of-range",)"));
  EXPECT_THAT(answer.body, HasSubstr(R"(},{"index":1,"type":"invalid-report",)"));
  EXPECT_THAT(answer.body, EndsWith(R"("}]})"));
}

TEST_F(WeatherEndpointTest, RowsWithTheIdOfARefusedRowAreRefusedToo) {
  Post(R"({"municipality":"mixco","temperature":20,"id":"a"})");
  const testing::Answer answer = Post(R"([{"municipality":"mixco","temperature":21,"id":"a"},)"
                                      R"({"municipality":"mixco","temperature":21,"id":"a"}])");
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.body, HasSubstr(R"({"index":1,"type":"id-conflict")"));
}

TEST_F(WeatherEndpointTest, MalformedBodiesAreRefusedAndCounted) {
  EXPECT_EQ(Post("{").status, 400);
  EXPECT_EQ(Post("").status, 400);
  EXPECT_EQ(Post("[]").status, 422);
  EXPECT_EQ(ingest_metrics_.rejected[static_cast<std::size_t>(ErrorCode::kMalformedJson)].Value(),
            2U);
  EXPECT_EQ(store_.Get("count:chinautla"), std::nullopt);
}

TEST_F(WeatherEndpointTest, EveryAnswerIsMeasured) {
  // This loop's time stands still, from the start of the test on.
  std::uint64_t before = 0;
  for (const char* body : {"{", kReport, R"({"municipality":"mixco","temperature":99})", "[7]"}) {
    Post(body);
    const std::uint64_t sum = route_metrics_.DurationUs(Route::kWeather).Sum();
    EXPECT_GT(sum, before) << body;
    before = sum;
  }
  Post(kReport, "Content-Type: text/plain\r\n");
  EXPECT_GT(route_metrics_.DurationUs(Route::kWeather).Sum(), before);
}

TEST_F(WeatherEndpointTest, OtherContentTypesAreRefused) {
  for (const char* type :
       {"text/plain", "application/jsonx", "application/xml; a=application/json"}) {
    const testing::Answer answer = Post(kReport, std::string("Content-Type: ") + type + "\r\n");
    EXPECT_EQ(answer.status, 415) << type;
    EXPECT_THAT(answer.body, HasSubstr(R"("allowed":["application/json","application/x-ndjson"])"));
  }
  EXPECT_EQ(Post(kReport, "Content-Type: application/json;charset=utf-8\r\n").status, 200);
}

TEST_F(WeatherEndpointTest, CompressedBodiesAreRefused) {
  for (const char* lines : {"Content-Encoding: gzip\r\n", "content-encoding: identity, br\r\n",
                            "Content-Encoding: identity\r\nContent-Encoding: deflate\r\n"}) {
    const testing::Answer answer = Post("\x1f\x8b", lines);
    EXPECT_EQ(answer.status, 415) << lines;
    EXPECT_THAT(answer.body, HasSubstr("; send it uncompressed"));
    EXPECT_THAT(answer.body, HasSubstr(R"("allowed":["identity"])"));
  }
  EXPECT_THAT(Post("\x1f\x8b", "Content-Encoding: gzip\r\n").body, HasSubstr(R"(is \"gzip\";)"));
  EXPECT_EQ(Post(kReport, "Content-Encoding: Identity\r\n").status, 200);
  EXPECT_EQ(Post(kReport, "Content-Encoding:\r\n").status, 200);
}

TEST_F(WeatherEndpointTest, AStoreThatRefusesIsA503ThatMayBeTriedAgain) {
  server_.OnLoop([this] { store_.SetError("-OOM command not allowed"); });
  const testing::Answer answer = Post(kReport);
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.head, HasSubstr("Retry-After: "));
  EXPECT_THAT(answer.body, HasSubstr("urn:chaac:problem:not-committed"));
}

TEST_F(WeatherEndpointTest, ABadKeyInTheStoreIsA500WithItsName) {
  server_.OnLoop([this] { store_.Execute({"SET", "tweets:chinautla", "a string"}); });
  const testing::Answer answer = Post(kReport);
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr(R"(\"tweets:chinautla\")"));
  EXPECT_EQ(store_.Get("count:chinautla"), std::nullopt);
}

}  // namespace
}  // namespace chaac
