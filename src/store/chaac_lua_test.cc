// chaac.lua as shipped, in LuaStore: what commits write, each verdict, and that what is refused
// leaves no trace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/commit.h"
#include "store/library.h"
#include "store/testing/lua_store.h"
#include "store/testing/replies.h"
#include "store/testing/resp_server.h"

namespace chaac {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::Optional;
using testing::Pair;
using testing::StartsWith;
using testing::UnorderedElementsAre;

using Keys = std::map<std::string, StoredValue>;

constexpr MunicipalityIndex kMixco = 0;
constexpr MunicipalityIndex kAntigua = 1;
constexpr MunicipalityIndex kCoban = 2;
constexpr ConditionIndex kSunny = 0;
constexpr ConditionIndex kCloudy = 1;

std::string_view SlugOf(MunicipalityIndex index) {
  static constexpr std::array<std::string_view, 3> kSlugs = {"mixco", "antigua", "coban"};
  return kSlugs[index];
}

Report At(MunicipalityIndex municipality, double temperature) {
  return {.municipality = municipality,
          .condition = kSunny,
          .temperature_celsius = temperature,
          .humidity_percent = 60};
}

Report WithId(Report report, std::string_view id, std::uint64_t digest) {
  report.client_id = id;
  report.digest = digest;
  return report;
}

class ChaacLuaTest : public testing::Test {
 protected:
  // 2023-11-14T22:13:20.000Z: hour 472222, minute 13.
  static constexpr WallTime kStart{seconds(1'700'000'000)};

  ChaacLuaTest() {
    options_.conditions = {"sunny", "cloudy"};
    options_.list_length_max = 10;
    store_.SetTime(kStart);
    store_.Execute({"FUNCTION", "LOAD", std::string(kLibraryCode)});
    Open("w");
  }

  void SetTime(WallTime time) {
    time_ = time;
    store_.SetTime(time);
  }

  std::string Call(const std::vector<std::string>& words) {
    return WordsOf(*ReplyOf(store_.Execute(words)));
  }

  // From now on commits are this writer's.
  void Open(const std::string& writer) {
    writer_ = writer;
    sequence_ = 0;
    EXPECT_EQ(Call({"FCALL", "chaac_open_v1", "1", FenceKey(writer), "172800"}), "OPENED");
  }

  // Commits under the next sequence. `cache` decides what is refreshed; by default everything is.
  std::string Commit(const std::vector<Report>& reports, StoreCache* cache = nullptr) {
    return CommitAs(++sequence_, reports, cache);
  }

  std::string CommitAs(std::uint64_t sequence, const std::vector<Report>& reports,
                       StoreCache* cache = nullptr) {
    StoreCache knows_nothing(options_.data_ttl);
    CommitEncoder encoder(&options_, cache == nullptr ? &knows_nothing : cache, SlugOf);
    encoder.Begin(time_);
    if (reports.size() > encoder.ListLengthMax()) {
      for (const Report& report : reports) encoder.Announce(report);
    }
    for (const Report& report : reports) {
      const std::string id = "tweet-" + std::to_string(++reports_);
      encoder.Add(report, report.client_id.empty() ? std::string_view(id) : report.client_id);
    }
    std::string command;
    encoder.Finish({.writer = writer_, .sequence = sequence}, kNow, &command);
    const ReplyPtr reply = ReplyOf(RespServer(&store_).Feed(command));
    std::string verdict = WordsOf(*reply);
    if (!verdict.starts_with("APPLIED")) return verdict;
    if (cache != nullptr) encoder.NoteCommitted(*reply, kNow);
    return "APPLIED";  // With or without the number of creations.
  }

  // All that is stored but the fences.
  Keys Data() const {
    Keys data = store_.Snapshot();
    std::erase_if(data, [](const auto& entry) { return entry.first.starts_with(kFencePrefix); });
    return data;
  }

  // The municipality's keys.
  std::vector<std::string> KeysOf(const std::string& slug) const {
    std::vector<std::string> keys = store_.Keys();
    std::erase_if(
        keys, [&](const std::string& key) { return key.find(":" + slug) == std::string::npos; });
    return keys;
  }

  static constexpr MonotonicTime kNow{hours(1000)};
  StoreOptions options_;
  LuaStore store_;
  WallTime time_ = kStart;
  std::string writer_;
  std::uint64_t sequence_ = 0;
  int reports_ = 0;
};

TEST_F(ChaacLuaTest, WritesEveryKey) {
  EXPECT_EQ(Commit({At(kMixco, 20),
                    {.municipality = kMixco, .condition = kCloudy},
                    {.municipality = kMixco, .temperature_celsius = 25.5}}),
            "APPLIED");
  EXPECT_THAT(KeysOf("mixco"),
              ElementsAre("count:mixco", "extremes:mixco", "humidity:mixco", "humidity_count:mixco",
                          "humidity_sum:mixco", "recent:mixco", "series:mixco:472222",
                          "temp_count:mixco", "temp_sum:mixco", "temperatures:mixco",
                          "tweets:mixco", "weather:mixco:cloudy", "weather:mixco:sunny"));
  EXPECT_THAT(store_.Get("count:mixco"), Optional(std::string("3")));
  EXPECT_THAT(store_.Get("weather:mixco:sunny"), Optional(std::string("1")));
  EXPECT_THAT(store_.Get("weather:mixco:cloudy"), Optional(std::string("1")));
  EXPECT_THAT(store_.Get("temp_sum:mixco"), Optional(std::string("45.5")));
  EXPECT_THAT(store_.Get("temp_count:mixco"), Optional(std::string("2")));
  EXPECT_THAT(store_.Get("humidity_sum:mixco"), Optional(std::string("60")));
  EXPECT_THAT(store_.Get("humidity_count:mixco"), Optional(std::string("1")));
  EXPECT_THAT(store_.List("temperatures:mixco"), Optional(ElementsAre("25.5", "20")));
  EXPECT_THAT(store_.List("humidity:mixco"), Optional(ElementsAre("60")));
  EXPECT_THAT(store_.List("tweets:mixco"), Optional(ElementsAre("tweet-3", "tweet-2", "tweet-1")));
  EXPECT_THAT(store_.List("recent:mixco"),
              Optional(ElementsAre(
                  R"({"id":"tweet-3","municipality":"mixco","temperature":25.5,)"
                  R"("at":"2023-11-14T22:13:20.000Z"})"
                  "\n"
                  R"({"id":"tweet-2","municipality":"mixco","weather":"cloudy",)"
                  R"("at":"2023-11-14T22:13:20.000Z"})"
                  "\n"
                  R"({"id":"tweet-1","municipality":"mixco","temperature":20,"humidity":60,)"
                  R"("weather":"sunny","at":"2023-11-14T22:13:20.000Z"})")));
  EXPECT_THAT(store_.Hash("extremes:mixco"),
              Optional(ElementsAre(Pair("humidity_max", "60"), Pair("humidity_min", "60"),
                                   Pair("temp_max", "25.5"), Pair("temp_min", "20"))));
  EXPECT_THAT(store_.Hash("series:mixco:472222"),
              Optional(ElementsAre(Pair("13", "3 2 45.5 20 25.5 1 60 60 60"))));
  EXPECT_THAT(store_.Set(std::string(kIndexKey)), Optional(ElementsAre("mixco")));
  EXPECT_THAT(store_.Get(FenceKey("w")), Optional(std::string("1")));
}

TEST_F(ChaacLuaTest, AddsToAMinuteAndToTheNext) {
  Commit({At(kMixco, 20)});
  Commit({At(kMixco, -3.5), {.municipality = kMixco}});
  SetTime(kStart + minutes(1));
  Commit({{.municipality = kMixco}});
  Commit({At(kMixco, 1)});
  EXPECT_THAT(store_.Hash("series:mixco:472222"),
              Optional(ElementsAre(Pair("13", "3 2 16.5 -3.5 20 2 120 60 60"),
                                   Pair("14", "2 1 1 1 1 1 60 60 60"))));
}

TEST_F(ChaacLuaTest, ARepeatChangesNothingButIsAWrite) {
  Commit({At(kMixco, 20)});
  Commit({At(kMixco, 21)});
  const Keys before = store_.Snapshot();
  EXPECT_EQ(CommitAs(2, {At(kMixco, 21)}), "REPEATED");
  EXPECT_EQ(CommitAs(1, {At(kMixco, 20)}), "REPEATED");
  EXPECT_EQ(store_.Snapshot(), before);
  // Lua reads this fence as 2, INCRBY does not take it: so the repeat did try to write.
  store_.Execute({"SET", FenceKey("w"), "2.0"});
  EXPECT_THAT(CommitAs(2, {At(kMixco, 21)}), StartsWith("ERR value is not an integer"));
}

TEST_F(ChaacLuaTest, CommitsNeedAnOpenFenceAndTheNextNumber) {
  const Keys before = Data();
  EXPECT_EQ(CommitAs(2, {At(kMixco, 20)}), "GAP 0");
  EXPECT_EQ(store_.Get(FenceKey("w")), "closed");
  EXPECT_EQ(CommitAs(1, {At(kMixco, 20)}), "CLOSED");
  store_.Execute({"DEL", FenceKey("w")});
  EXPECT_EQ(CommitAs(1, {At(kMixco, 20)}), "NOFENCE");
  EXPECT_EQ(Data(), before);
  EXPECT_EQ(store_.Get(FenceKey("w")), std::nullopt);
}

TEST_F(ChaacLuaTest, OpenKeepsAFenceThatIsThereAndTakesAnotherAway) {
  Commit({At(kMixco, 20)});
  Call({"FCALL", "chaac_open_v1", "1", FenceKey("w"), "9"});
  EXPECT_THAT(store_.Get(FenceKey("w")), Optional(std::string("1")));
  EXPECT_THAT(store_.TtlMs(FenceKey("w")), Optional(172'800'000));
  Call({"FCALL", "chaac_open_v1", "2", FenceKey("x"), FenceKey("w"), "9"});
  EXPECT_EQ(store_.Get(FenceKey("w")), std::nullopt);
  EXPECT_THAT(store_.Get(FenceKey("x")), Optional(std::string("0")));
  EXPECT_THAT(store_.TtlMs(FenceKey("x")), Optional(9'000));
}

TEST_F(ChaacLuaTest, FencesKeepTheirExpiryUnlessTheyAreRefreshed) {
  SetTime(kStart + hours(1));
  Commit({At(kMixco, 20)});
  EXPECT_THAT(store_.TtlMs(FenceKey("w")), Optional(47 * 3'600'000));
  StoreCache cache(options_.data_ttl);
  cache.NoteCreations(1);
  CommitEncoder encoder(&options_, &cache, SlugOf);
  encoder.Begin(time_);
  std::string command;
  encoder.Finish({.writer = "w", .sequence = 2, .refresh_fence = true}, kNow, &command);
  EXPECT_EQ(RespServer(&store_).Feed(command), "+APPLIED\r\n");
  EXPECT_THAT(store_.TtlMs(FenceKey("w")), Optional(48 * 3'600'000));
}

TEST_F(ChaacLuaTest, KnownIdsRefuseTheBatchThroughBothWindows) {
  SetTime(kStart);
  EXPECT_EQ(Commit({WithId(At(kMixco, 20), "a", 1), WithId(At(kMixco, 20), "b", 2)}), "APPLIED");
  const std::vector<Report> again = {WithId(At(kAntigua, 1), "new", 7), At(kAntigua, 1),
                                     WithId(At(kMixco, 20), "b", 2), WithId(At(kMixco, 9), "a", 3)};
  for (const hours later : {hours(0), hours(1), hours(24), hours(25)}) {
    SCOPED_TRACE(later.count());
    SetTime(kStart + later);
    const Keys before = Data();
    Open("after-" + std::to_string(later.count()));
    EXPECT_EQ(Commit(again), "KNOWN 1 0000000000000002 2 0000000000000001");
    EXPECT_EQ(Data(), before);
    EXPECT_THAT(store_.Get(FenceKey(writer_)), Optional(std::string("closed")));
  }
  SetTime(kStart + hours(50));
  Open("much-later");
  EXPECT_EQ(Commit(again), "APPLIED");
}

TEST_F(ChaacLuaTest, KnownIdsAreFoundWhenTheClockIsSetBackByADay) {
  const WallTime boundary{seconds(18'889 * std::int64_t{90'000})};
  Report report = At(kMixco, 20);
  report.client_id = "a";
  SetTime(boundary + seconds(10));
  EXPECT_EQ(Commit({report}), "APPLIED");
  for (const seconds back :
       {seconds(70), seconds(hours(2)), seconds(hours(24)), seconds(hours(25))}) {
    SCOPED_TRACE(back.count());
    SetTime(boundary + seconds(10) - back);
    Open("back-" + std::to_string(back.count()));
    EXPECT_THAT(Commit({report}), testing::StartsWith("KNOWN 0"));
  }
}

TEST_F(ChaacLuaTest, ManyIdsOfOneBatchAreFound) {
  std::vector<std::string> ids;
  for (int i = 0; i < 2'500; ++i) ids.push_back("id-" + std::to_string(i));
  std::vector<Report> reports;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    reports.push_back(WithId(At(kMixco, 20), ids[i], i));
  }
  EXPECT_EQ(Commit(reports), "APPLIED");
  EXPECT_EQ(store_.Hash("chaac:seen:18888")->size(), 2'500U);
  const std::string verdict = Commit(reports);
  EXPECT_THAT(verdict, StartsWith("KNOWN 0 0000000000000000 1 0000000000000001 "));
  EXPECT_THAT(verdict, testing::EndsWith(" 2499 00000000000009c3"));
}

TEST_F(ChaacLuaTest, AFullIdWindowRefusesUntilTheNextOne) {
  options_.client_ids_max = 3;
  EXPECT_EQ(Commit({WithId(At(kMixco, 20), "a", 1), WithId(At(kMixco, 20), "b", 2)}), "APPLIED");
  const Keys before = Data();
  EXPECT_EQ(Commit({WithId(At(kMixco, 20), "c", 3), WithId(At(kMixco, 20), "d", 4)}), "IDSFULL");
  EXPECT_EQ(Data(), before);
  EXPECT_EQ(Commit({At(kMixco, 20)}), "CLOSED");
  Open("x");
  EXPECT_EQ(Commit({WithId(At(kMixco, 20), "c", 3)}), "APPLIED");
  EXPECT_EQ(Commit({At(kMixco, 20)}), "APPLIED");  // Without an id there is no limit.
  SetTime(kStart + hours(25));
  EXPECT_EQ(Commit({WithId(At(kMixco, 20), "d", 4)}), "APPLIED");
}

TEST_F(ChaacLuaTest, MunicipalitiesAreLimitedAndExpiredOnesMakeRoom) {
  options_.municipalities_max = 2;
  EXPECT_EQ(Commit({At(kMixco, 20), At(kAntigua, 20)}), "APPLIED");
  SetTime(kStart + hours(2));
  EXPECT_EQ(Commit({At(kMixco, 20)}), "APPLIED");
  const Keys before = Data();
  EXPECT_EQ(Commit({At(kMixco, 20), At(kCoban, 20)}), "FULL 2");
  EXPECT_EQ(Data(), before);
  EXPECT_EQ(Commit({At(kMixco, 20)}), "CLOSED");
  SetTime(kStart + hours(25));  // Antigua's keys have expired.
  Open("x");
  EXPECT_EQ(Commit({At(kMixco, 20), At(kCoban, 20)}), "APPLIED");
  EXPECT_THAT(store_.Set(std::string(kIndexKey)), Optional(UnorderedElementsAre("mixco", "coban")));
}

// As on the store of the original system, or after the index was deleted.
TEST_F(ChaacLuaTest, CountsThatAreOlderThanTheIndexEnterIt) {
  store_.Execute({"SET", "count:mixco", "123"});
  EXPECT_EQ(Commit({At(kMixco, 20)}), "APPLIED");
  EXPECT_EQ(Call({"SMEMBERS", std::string(kIndexKey)}), "mixco");
  EXPECT_EQ(store_.Get("count:mixco"), "124");
}

TEST_F(ChaacLuaTest, SumsAreExactWhileTheyAreIntegersAndDecimalAfterwards) {
  const std::vector<std::pair<double, std::string>> steps = {
      {20, "20"},   {-50, "-30"}, {0.5, "-29.5"}, {1, "-28.5"},
      {0.5, "-28"}, {3, "-25"},   {0.1, "-24.9"}, {0.2, "-24.7"}};
  for (const auto& [temperature, sum] : steps) {
    EXPECT_EQ(Commit({At(kMixco, temperature)}), "APPLIED");
    EXPECT_EQ(store_.Get("temp_sum:mixco"), sum);
  }
  EXPECT_EQ(store_.Get("temp_count:mixco"), "8");
}

TEST_F(ChaacLuaTest, ListsAreTrimmedInStepsAndIdsExactly) {
  std::size_t longest = 0;
  for (int i = 1; i <= 60; ++i) {
    ASSERT_EQ(Commit({At(kMixco, i)}), "APPLIED");
    const auto values = *store_.List("temperatures:mixco");
    longest = std::max(longest, values.size());
    EXPECT_GE(values.size(), static_cast<std::size_t>(std::min(i, 10)));
    EXPECT_EQ(values.front(), std::to_string(i));
    EXPECT_EQ(values.size(), store_.List("humidity:mixco")->size());
    EXPECT_EQ(values.size(), store_.List("recent:mixco")->size());
    EXPECT_EQ(store_.List("tweets:mixco")->size(), static_cast<std::size_t>(std::min(i, 10)));
  }
  EXPECT_EQ(longest, 13U);
}

TEST_F(ChaacLuaTest, ALargeBatchLeavesTheNewestInItsLists) {
  options_.list_length_max = 2'000;
  std::vector<Report> reports;
  for (int i = 0; i < 9'000; ++i) reports.push_back(At(kMixco, i % 50));
  EXPECT_EQ(Commit(reports), "APPLIED");
  EXPECT_EQ(store_.Get("count:mixco"), "9000");
  EXPECT_EQ(store_.List("tweets:mixco")->size(), 2'000U);
  EXPECT_EQ(store_.List("tweets:mixco")->front(), "tweet-9000");
  EXPECT_EQ(store_.List("tweets:mixco")->back(), "tweet-7001");
  EXPECT_EQ(store_.List("temperatures:mixco")->size(), 2'000U);
  EXPECT_EQ(store_.List("recent:mixco")->size(), 250U);
}

TEST_F(ChaacLuaTest, AMunicipalitysKeysExpireTogetherAndItsSeriesByItself) {
  options_.data_ttl = hours(24);
  options_.series_ttl = hours(48);
  Commit({At(kMixco, 20)});
  SetTime(kStart + hours(2));
  Commit({At(kMixco, 20)});
  SetTime(kStart + hours(3));
  Report cloudy = At(kMixco, 20);
  cloudy.condition =
      kCloudy;  // A new key, and no refresh asked for: it must not outlive the others.
  StoreCache cache(options_.data_ttl);
  cache.NoteCreations(1);
  cache.NoteCommitted(kMixco, {20, 20}, {60, 60}, /*expiry_refreshed=*/true, kNow);
  EXPECT_EQ(Commit({cloudy}, &cache), "APPLIED");
  SetTime(kStart + hours(4));
  EXPECT_EQ(Commit({cloudy}, &cache), "APPLIED");
  for (const std::string& key : KeysOf("mixco")) {
    if (key.starts_with("series:")) continue;
    EXPECT_THAT(store_.TtlMs(key), Optional(23 * 3'600'000)) << key;
  }
  EXPECT_THAT(store_.TtlMs("series:mixco:472222"), Optional(45 * 3'600'000));
  EXPECT_THAT(store_.TtlMs("series:mixco:472226"), Optional(49 * 3'600'000));
}

TEST_F(ChaacLuaTest, ExtremesWidenOnlyWhenAskedForOrNew) {
  StoreCache stale(options_.data_ttl);
  const auto believe = [&] {
    stale.NoteCommitted(kMixco, {-50, 50}, {0, 100}, /*expiry_refreshed=*/true, kNow);
  };
  believe();
  const auto extremes = [this](const std::string& low, const std::string& high) {
    return Optional(ElementsAre(Pair("humidity_max", "60"), Pair("humidity_min", "60"),
                                Pair("temp_max", high), Pair("temp_min", low)));
  };
  Commit({At(kMixco, 20)}, &stale);  // New: the cache is not believed.
  EXPECT_THAT(store_.Hash("extremes:mixco"), extremes("20", "20"));
  believe();  // It was told of the creation, and forgot.
  Commit({At(kMixco, -10.25)}, &stale);
  EXPECT_THAT(store_.Hash("extremes:mixco"), extremes("20", "20"));
  Commit({At(kMixco, -10.25)});
  EXPECT_THAT(store_.Hash("extremes:mixco"), extremes("-10.25", "20"));
  Commit({At(kMixco, 30), At(kMixco, 0)});
  EXPECT_THAT(store_.Hash("extremes:mixco"), extremes("-10.25", "30"));
}

// Two servers whose --data-ttl-s differ, or a store whose clock jumps: the keys of a municipality
// are gone earlier than one of them believes, and another has begun it anew.
TEST_F(ChaacLuaTest, ExtremesBeginAnewForServersThatBelieveTheOldOnes) {
  StoreCache believes_old(options_.data_ttl);
  Commit({At(kMixco, -50), At(kMixco, 50)}, &believes_old);
  EXPECT_EQ(believes_old.creations(), 1);
  for (const std::string& key : KeysOf("mixco")) store_.Execute({"DEL", key});
  Commit({At(kMixco, 10)});
  Commit({At(kMixco, 40)}, &believes_old);
  EXPECT_EQ(believes_old.creations(), 2);
  EXPECT_THAT(store_.Hash("extremes:mixco"),
              Optional(testing::IsSupersetOf({Pair("temp_max", "40"), Pair("temp_min", "10")})));
  EXPECT_FALSE(believes_old.ExtremesMayWiden(kMixco, {40, 40}, {60, 60}));
  EXPECT_TRUE(believes_old.ExtremesMayWiden(kMixco, {10, 10}, {60, 60}));
}

TEST_F(ChaacLuaTest, ACounterOfCreationsThatIsNoneRefusesNothing) {
  StoreCache cache(options_.data_ttl);
  Commit({At(kMixco, 20)}, &cache);
  for (const std::vector<std::string>& broken :
       {std::vector<std::string>{"SET", std::string(kCreationsKey), "many"},
        {"LPUSH", std::string(kCreationsKey), "a list"}}) {
    store_.Execute({"DEL", std::string(kCreationsKey)});
    store_.Execute(broken);
    for (const std::string& key : KeysOf("mixco")) store_.Execute({"DEL", key});
    EXPECT_EQ(Commit({At(kMixco, 20)}), "APPLIED");
    EXPECT_EQ(Commit({At(kMixco, 21), At(kMixco, 19)}, &cache), "APPLIED");
    EXPECT_THAT(store_.Hash("extremes:mixco"),
                Optional(testing::IsSupersetOf({Pair("temp_max", "21"), Pair("temp_min", "19")})));
  }
}

TEST_F(ChaacLuaTest, LeasesNeverOverlapAndStartNoLowerThanTheClock) {
  const auto lease = [this] {
    return std::stoll(Call({"FCALL", "chaac_lease_v1", "1", "chaac:ids", "500"}));
  };
  const long long first = lease();
  EXPECT_EQ(first, 1'700'000'000'000'000);
  EXPECT_EQ(lease(), first + 500);
  SetTime(kStart - hours(1));  // The clock jumps back.
  EXPECT_EQ(lease(), first + 1'000);
  store_.Execute({"DEL", "chaac:ids"});  // Lost with a tail of the AOF.
  SetTime(kStart + milliseconds(2));
  EXPECT_EQ(lease(), first + 2'000);
}

TEST_F(ChaacLuaTest, SnapshotTellsWhatEachMunicipalityHolds) {
  Commit({At(kMixco, 20),
          {.municipality = kMixco, .temperature_celsius = 20.5},
          {.municipality = kAntigua, .condition = kCloudy}});
  store_.Execute({"SADD", std::string(kIndexKey), "expired"});
  store_.Execute({"DEL", "temp_sum:mixco"});
  store_.Execute({"LPUSH", "temp_sum:mixco", "x"});
  const std::string options = OptionsText(options_);
  EXPECT_EQ(Call({"FCALL_RO", "chaac_snapshot_v1", "1", std::string(kIndexKey), options}),
            "antigua 1 nil nil nil nil nil 1 nil nil nil nil 2023-11-14T22:13:20.000Z "
            "mixco 2 nil 2 60 1 1 nil 20 20.5 60 60 2023-11-14T22:13:20.000Z");
  store_.Execute({"SET", "extremes:mixco", "x"});
  EXPECT_THAT(
      Call({"FCALL_RO", "chaac_snapshot_v1", "1", std::string(kIndexKey), options}),
      testing::EndsWith("mixco 2 nil 2 60 1 1 nil nil nil nil nil 2023-11-14T22:13:20.000Z"));
}

TEST_F(ChaacLuaTest, SnapshotTellsWhenTheNewestReportArrived) {
  const auto arrival = [this] {
    const std::string words =
        Call({"FCALL_RO", "chaac_snapshot_v1", "1", std::string(kIndexKey), OptionsText(options_)});
    return words.substr(words.rfind(' ') + 1);
  };
  Commit(std::vector<Report>(20, At(kMixco, 20)));  // Elements of many lines.
  EXPECT_EQ(arrival(), "2023-11-14T22:13:20.000Z");
  SetTime(kStart + milliseconds(1'250));
  Commit({WithId(At(kMixco, 20), R"("at":"x"}x)", 1)});
  EXPECT_EQ(arrival(), "2023-11-14T22:13:21.250Z");
  EXPECT_EQ(arrival(), "2023-11-14T22:13:21.250Z");  // Remembered.
  SetTime(kStart + seconds(5));
  store_.Execute({"DEL", "extremes:mixco"});
  store_.Execute({"SET", "extremes:mixco", "x"});
  EXPECT_THAT(Commit({At(kMixco, 20)}), testing::StartsWith("REFUSED"));  // And undone.
  EXPECT_EQ(arrival(), "2023-11-14T22:13:21.250Z");
}

TEST_F(ChaacLuaTest, SnapshotReadsTheArrivalThatNoCommitHasLeft) {
  const auto arrival = [this] {
    const std::string words =
        Call({"FCALL_RO", "chaac_snapshot_v1", "1", std::string(kIndexKey), OptionsText(options_)});
    return words.substr(words.rfind(' ') + 1);
  };
  Commit({At(kMixco, 20)});
  store_.Restart();  // Forgets all but the data.
  EXPECT_EQ(arrival(), "2023-11-14T22:13:20.000Z");
  store_.Execute({"LPUSH", "recent:mixco", R"({"at":"a"}\n{"id":"b","at":"later"})"});
  store_.Execute({"INCR", "count:mixco"});  // As another server's function would.
  EXPECT_EQ(arrival(), "later");
  for (const std::string element : {R"({"at":"a"} )", R"({"at":1})", "", R"("at":""})"}) {
    store_.Execute({"LPUSH", "recent:mixco", element});
    store_.Execute({"INCR", "count:mixco"});
    EXPECT_EQ(arrival(), element == R"("at":""})" ? "" : "nil") << element;
  }
  store_.Execute({"SET", "recent:mixco", "x"});
  store_.Execute({"INCR", "count:mixco"});
  EXPECT_EQ(arrival(), "nil");
}

}  // namespace
}  // namespace chaac
