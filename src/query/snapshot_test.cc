// From the shipped function's answer to the bodies of /stats and /averages.
#include "query/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "store/commit.h"
#include "store/library.h"
#include "store/options.h"
#include "store/testing/lua_store.h"
#include "store/testing/replies.h"
#include "store/testing/resp_server.h"

namespace chaac {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::SizeIs;

constexpr WallTime kNow{milliseconds(1'700'000'000'999)};
constexpr MonotonicTime kMonotonicNow{std::chrono::hours(1)};

class SnapshotTest : public testing::Test {
 protected:
  SnapshotTest() {
    store_options_.conditions = options_.conditions;
    store_.SetTime(kNow);
    store_.Execute({"FUNCTION", "LOAD", std::string(kLibraryCode)});
    store_.Execute({"FCALL", "chaac_open_v1", "1", FenceKey("w"), "99"});
  }

  void Commit(const std::vector<Report>& reports) {
    StoreCache cache(store_options_.data_ttl);
    CommitEncoder encoder(&store_options_, &cache, [](MunicipalityIndex index) {
      return index == 0 ? std::string_view("mixco") : std::string_view("coban");
    });
    encoder.Begin(kNow);
    for (const Report& report : reports) encoder.Add(report, "tweet-1");
    std::string command;
    encoder.Finish({.writer = "w", .sequence = ++sequence_}, kMonotonicNow, &command);
    ASSERT_THAT(RespServer(&store_).Feed(command), testing::HasSubstr("APPLIED\r\n"));
  }

  Snapshot Take(WallTime now = kNow) {
    const ReplyPtr reply =
        ReplyOf(store_.Execute({"FCALL_RO", "chaac_snapshot_v1", "1", std::string(kIndexKey),
                                OptionsText(store_options_)}));
    Result<Snapshot> snapshot = SnapshotMaker(options_).Make(*reply, 7, now, kMonotonicNow);
    EXPECT_TRUE(snapshot);
    return std::move(snapshot).value();
  }

  LuaStore store_;
  StoreOptions store_options_;
  SnapshotOptions options_{.conditions = {"sunny", "cloudy"}};
  std::uint64_t sequence_ = 0;
};

TEST_F(SnapshotTest, AnEmptyStoreHasEmptyFigures) {
  const Snapshot snapshot = Take();
  EXPECT_EQ(
      snapshot.stats.body,
      R"({"total_processed":0,"counts_by_municipality":{},)"
      R"("counts_by_weather":{"sunny":0,"cloudy":0},)"
      R"("extremes":{"temperature":{"min":null,"max":null},"humidity":{"min":null,"max":null}},)"
      R"("service":"chaac","timestamp":1700000000})");
  EXPECT_EQ(snapshot.averages.body, R"({"timestamp":1700000000,"averages":{}})");
  EXPECT_EQ(snapshot.taken_at, kNow);
  EXPECT_EQ(snapshot.taken_at_monotonic, kMonotonicNow);
}

TEST_F(SnapshotTest, TellsTotalsExtremesAndMeansInTheOrderOfNames) {
  Commit({{.condition = 0, .temperature_celsius = 20.5, .humidity_percent = 60},
          {.condition = 1, .temperature_celsius = 20.25},
          {.condition = 1, .temperature_celsius = 20.25},
          {.municipality = 1, .humidity_percent = 33.333}});
  const Snapshot snapshot = Take();
  EXPECT_EQ(snapshot.total_processed, 4U);
  ASSERT_THAT(snapshot.municipalities, SizeIs(2));
  EXPECT_EQ(snapshot.municipalities[1].slug, "mixco");
  EXPECT_EQ(snapshot.municipalities[1].by_condition, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(snapshot.municipalities[1].temperature.sum, 61);
  EXPECT_EQ(snapshot.municipalities[1].temperature.extremes.low, 20.25);
  EXPECT_EQ(snapshot.municipalities[0].temperature.extremes.low, std::nullopt);
  EXPECT_EQ(
      snapshot.stats.body,
      R"({"total_processed":4,"counts_by_municipality":{"coban":1,"mixco":3},)"
      R"("counts_by_weather":{"sunny":1,"cloudy":2},)"
      R"("extremes":{"temperature":{"min":20.25,"max":20.5},"humidity":{"min":33.333,"max":60}},)"
      R"("service":"chaac","timestamp":1700000000})");
  EXPECT_EQ(
      snapshot.averages.body,
      R"({"timestamp":1700000000,"averages":{)"
      R"("coban":{"avg_temperature":null,"avg_humidity":33.33,"temp_samples":0,"humidity_samples":1},)"
      R"("mixco":{"avg_temperature":20.33,"avg_humidity":60,"temp_samples":3,"humidity_samples":1}}})");
}

TEST_F(SnapshotTest, ANoticeIsShownAsJson) {
  options_.notice = "demo: \"New York\"";
  EXPECT_THAT(Take().stats.body, HasSubstr(R"("notice":"demo: \"New York\"","service")"));
}

TEST_F(SnapshotTest, TheEtagIsThatOfTheFigures) {
  Commit({{.temperature_celsius = 20}});
  const Snapshot first = Take();
  const Snapshot same = Take();
  EXPECT_EQ(first.stats.etag, same.stats.etag);
  EXPECT_NE(first.stats.etag, first.averages.etag);
  EXPECT_THAT(first.stats.etag, testing::MatchesRegex("W/\"[0-9a-f]+\""));
  EXPECT_EQ(first.stats.headers,
            "ETag: " + first.stats.etag + "\r\nCache-Control: public, max-age=1\r\n");
  Commit({{.temperature_celsius = 20}});
  EXPECT_NE(Take().stats.etag, first.stats.etag);
  EXPECT_NE(Take().averages.etag, first.averages.etag);
}

TEST_F(SnapshotTest, TheEtagOutlivesTheTimestamp) {
  Commit({{.temperature_celsius = 20}});
  const Snapshot first = Take();
  const Snapshot later = Take(kNow + std::chrono::minutes(1));
  EXPECT_NE(first.stats.body, later.stats.body);
  EXPECT_NE(first.averages.body, later.averages.body);
  EXPECT_EQ(first.stats.etag, later.stats.etag);
  EXPECT_EQ(first.averages.etag, later.averages.etag);
}

TEST_F(SnapshotTest, ListsMunicipalitiesThatReportAndAll) {
  const Catalogue catalogue(
      "slug,name\nzunil,Zunil\ncoban,Cobán\namatitlan,Amatitlán\nmixco,Mixco\n", "test");
  options_.catalogue = &catalogue;
  Commit({{.condition = 1, .temperature_celsius = 20.5}, {.municipality = 1, .condition = 0}});
  const Snapshot snapshot = Take();
  EXPECT_EQ(snapshot.municipalities[1].last_report_at, kNow);
  const std::string coban(snapshot.all.Find("coban").value());
  const std::string mixco(snapshot.all.Find("mixco").value());
  EXPECT_THAT(mixco, HasSubstr(R"("last_report_at":"2023-11-14T22:13:20Z"})"));
  EXPECT_EQ(snapshot.reporting.array().body, "[" + coban + "," + mixco + "]");
  EXPECT_EQ(snapshot.reporting.Find("mixco"), mixco);
  EXPECT_EQ(snapshot.reporting.Find("zunil"), std::nullopt);
  const std::string amatitlan(snapshot.all.Find("amatitlan").value());
  const std::string zunil(snapshot.all.Find("zunil").value());
  EXPECT_EQ(snapshot.all.array().body,
            "[" + amatitlan + "," + coban + "," + mixco + "," + zunil + "]");
  EXPECT_THAT(zunil, HasSubstr(R"("count":0,)"));
  for (const char* unknown : {"", "a", "mixc", "mixco-2", "zz"}) {
    EXPECT_EQ(snapshot.all.Find(unknown), std::nullopt) << unknown;
  }
  EXPECT_EQ(Take(kNow + std::chrono::minutes(1)).all.array().etag, snapshot.all.array().etag);
  EXPECT_NE(snapshot.reporting.array().etag, snapshot.all.array().etag);
}

TEST_F(SnapshotTest, ListsWhatTheCatalogueDoesNotKnow) {
  const Catalogue catalogue("slug,name\ndolores,Dolores\n", "test");
  options_.catalogue = &catalogue;
  Commit({{.temperature_celsius = 1}, {.municipality = 1, .temperature_celsius = 2}});
  const Snapshot snapshot = Take();
  EXPECT_THAT(
      snapshot.all.array().body,
      testing::MatchesRegex(R"(\[\{"slug":"coban",.*"slug":"dolores",.*"slug":"mixco",.*)"));
}

TEST_F(SnapshotTest, WithoutCatalogueAllAreThoseThatReport) {
  EXPECT_EQ(Take().all.array().body, "[]");
  Commit({{.temperature_celsius = 20}});
  const Snapshot snapshot = Take();
  EXPECT_EQ(snapshot.all.array().body, snapshot.reporting.array().body);
  EXPECT_THAT(snapshot.all.array().body, HasSubstr(R"([{"slug":"mixco","name":null,)"));
}

TEST_F(SnapshotTest, TheEventTellsAllFiguresInOneLine) {
  EXPECT_EQ(
      Take().event,
      "id: 7\nevent: snapshot\ndata: "
      R"({"number":7,"timestamp":1700000000,"total_processed":0,)"
      R"("counts_by_weather":{"sunny":0,"cloudy":0},)"
      R"("extremes":{"temperature":{"min":null,"max":null},"humidity":{"min":null,"max":null}},)"
      R"("municipalities":[]})"
      "\n\n");
  options_.notice = "demo: \"New\"";
  Commit({{.condition = 0, .temperature_celsius = 20.5}, {.municipality = 1, .condition = 1}});
  EXPECT_EQ(
      Take().event,
      "id: 7\nevent: snapshot\ndata: "
      R"({"number":7,"timestamp":1700000000,"notice":"demo: \"New\"","total_processed":2,)"
      R"("counts_by_weather":{"sunny":1,"cloudy":1},)"
      R"("extremes":{"temperature":{"min":20.5,"max":20.5},"humidity":{"min":null,"max":null}},)"
      R"("municipalities":[)"
      R"({"slug":"coban","count":1,"avg_temperature":null,"avg_humidity":null,)"
      R"("extremes":{"temperature":{"min":null,"max":null},"humidity":{"min":null,"max":null}},)"
      R"("by_condition":{"sunny":0,"cloudy":1},"most_common":"cloudy","least_common":"cloudy",)"
      R"("last_report_at":"2023-11-14T22:13:20Z"},)"
      R"({"slug":"mixco","count":1,"avg_temperature":20.5,"avg_humidity":null,)"
      R"("extremes":{"temperature":{"min":20.5,"max":20.5},"humidity":{"min":null,"max":null}},)"
      R"("by_condition":{"sunny":1,"cloudy":0},"most_common":"sunny","least_common":"sunny",)"
      R"("last_report_at":"2023-11-14T22:13:20Z"}]})"
      "\n\n");
}

TEST_F(SnapshotTest, KeysOfWrongTypesAndForeignNumbersCountAsNone) {
  Commit({{.condition = 0, .temperature_celsius = 20, .humidity_percent = 60}});
  store_.Execute({"SET", "temp_sum:mixco", "nan"});
  store_.Execute({"SET", "weather:mixco:sunny", "many"});
  store_.Execute({"DEL", "humidity_sum:mixco"});
  store_.Execute({"LPUSH", "humidity_sum:mixco", "x"});
  store_.Execute({"HSET", "extremes:mixco", "temp_min", "-inf"});
  store_.Execute({"HSET", "extremes:mixco", "temp_max", "1e300"});
  const Snapshot snapshot = Take();
  EXPECT_EQ(snapshot.total_processed, 1U);
  EXPECT_THAT(snapshot.stats.body, HasSubstr(R"("counts_by_weather":{"sunny":0,)"));
  EXPECT_THAT(snapshot.stats.body, HasSubstr(R"("temperature":{"min":null,"max":null})"));
  EXPECT_THAT(snapshot.averages.body, HasSubstr(R"("avg_temperature":0,"avg_humidity":0,)"));
}

TEST_F(SnapshotTest, OtherAnswersAreErrors) {
  for (const std::string bytes : {"-ERR Function not found\r\n", "+OK\r\n", "$-1\r\n",
                                  "*1\r\n:1\r\n", "*1\r\n*1\r\n$5\r\nmixco\r\n"}) {
    const Result<Snapshot> snapshot =
        SnapshotMaker(options_).Make(*ReplyOf(bytes), 1, kNow, kMonotonicNow);
    ASSERT_FALSE(snapshot) << bytes;
    EXPECT_EQ(snapshot.error().code, ErrorCode::kStoreUnavailable);
  }
}

TEST(SnapshotBoardTest, ShowsTheNewest) {
  SnapshotBoard board;
  EXPECT_EQ(board.Newest(), nullptr);
  const auto first = std::make_shared<const Snapshot>();
  const auto second = std::make_shared<const Snapshot>();
  board.Publish(first);
  EXPECT_EQ(board.Newest(), first);
  board.Publish(second);
  EXPECT_EQ(board.Newest(), second);
  EXPECT_EQ(first.use_count(), 1);
}

}  // namespace
}  // namespace chaac
