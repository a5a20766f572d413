// chaac.lua as shipped, in LuaStore: a commit that fails half-way, at each key it touches, leaves
// the key space as it was, names the key, and spares the other municipalities.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/commit.h"
#include "store/library.h"
#include "store/testing/lua_store.h"
#include "store/testing/replies.h"
#include "store/testing/resp_server.h"

namespace chaac {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

using Keys = std::map<std::string, StoredValue>;

constexpr MunicipalityIndex kBefore = 0;
constexpr MunicipalityIndex kBroken = 1;
constexpr MunicipalityIndex kAfter = 2;

std::string_view SlugOf(MunicipalityIndex index) {
  static constexpr std::array<std::string_view, 3> kSlugs = {"before", "broken", "after"};
  return kSlugs[index];
}

constexpr WallTime kStart{seconds(1'700'000'000)};  // Hour 472222, minute 13.

// Every key that a commit touches for a municipality.
const std::vector<std::string> kBrokenKeys = {
    "count:broken",        "weather:broken:sunny", "weather:broken:cloudy", "temp_count:broken",
    "temp_sum:broken",     "temperatures:broken",  "humidity_count:broken", "humidity_sum:broken",
    "humidity:broken",     "tweets:broken",        "recent:broken",         "extremes:broken",
    "series:broken:472222"};

// A store, and the commits of one test.
class Stage {
 public:
  Stage() {
    options_.conditions = {"sunny", "cloudy"};
    options_.list_length_max = 3;
    store_.SetTime(kStart);
    store_.Execute({"FUNCTION", "LOAD", std::string(kLibraryCode)});
  }

  LuaStore& store() { return store_; }

  // Commits two reports for each municipality, with temperatures from `temperature` and ids from
  // `first_id`; 0: without ids.
  std::string Commit(const std::vector<MunicipalityIndex>& municipalities, double temperature,
                     int first_id = 0) {
    const std::string writer = std::to_string(++writers_);
    store_.Execute({"FCALL", "chaac_open_v1", "1", FenceKey(writer), "172800"});
    const Keys before = Data();
    StoreCache cache(options_.data_ttl);
    CommitEncoder encoder(&options_, &cache, SlugOf);
    encoder.Begin(kStart);
    const bool has_ids = first_id != 0;
    for (const MunicipalityIndex municipality : municipalities) {
      for (const ConditionIndex condition : {ConditionIndex{0}, ConditionIndex{1}}) {
        const std::string id = "id-" + std::to_string(first_id++);
        Report report{.municipality = municipality,
                      .condition = condition,
                      .temperature_celsius = temperature,
                      .humidity_percent = 50 + temperature};
        if (has_ids) report.client_id = id;
        encoder.Add(report, id);
      }
    }
    std::string command;
    encoder.Finish({.writer = writer, .sequence = 1}, MonotonicTime{}, &command);
    std::string verdict = WordsOf(*ReplyOf(RespServer(&store_).Feed(command)));
    if (verdict.starts_with("APPLIED")) verdict.resize(7);  // Without the number of creations.
    if (verdict != "APPLIED") {
      EXPECT_TRUE(Data() == before) << verdict;
      EXPECT_EQ(store_.Get(FenceKey(writer)), "closed");
    }
    return verdict;
  }

  // What is stored, fences aside.
  [[nodiscard]] Keys Data() const {
    Keys data = store_.Snapshot();
    std::erase_if(data, [](const auto& entry) { return entry.first.starts_with(kFencePrefix); });
    return data;
  }

  // Puts a value of another type in place of the key's.
  void Break(const std::string& key) {
    const bool is_string = store_.Get(key) || key.starts_with("count") ||
                           key.starts_with("weather") || key.find("_count:") != std::string::npos ||
                           key.find("_sum:") != std::string::npos;
    store_.Execute({"DEL", key});
    if (is_string) {
      store_.Execute({"LPUSH", key, "a list"});
    } else {
      store_.Execute({"SET", key, "a string"});
    }
  }

 private:
  LuaStore store_;
  StoreOptions options_;
  int writers_ = 0;
};

class UndoTest : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(EachKey, UndoTest, testing::ValuesIn(kBrokenKeys), [](const auto& key) {
  std::string name = key.param;
  std::replace(name.begin(), name.end(), ':', '_');
  return name;
});

TEST_P(UndoTest, AMunicipalityWithAKeyOfAWrongTypeIsRefusedAlone) {
  for (const bool has_reports : {false, true}) {
    for (const std::vector<MunicipalityIndex>& municipalities :
         {std::vector<MunicipalityIndex>{kBefore, kBroken, kAfter},
          {kBroken, kAfter, kBefore},
          {kAfter, kBefore, kBroken}}) {
      Stage stage;
      if (has_reports) {
        ASSERT_EQ(stage.Commit({kBefore, kBroken}, 20, 100), "APPLIED");
      }
      stage.Break(GetParam());
      const auto position =
          std::find(municipalities.begin(), municipalities.end(), kBroken) - municipalities.begin();
      EXPECT_THAT(
          stage.Commit(municipalities, 30, 200),
          StartsWith("REFUSED " + std::to_string(position + 1) + " " + GetParam() + " WRONGTYPE"));
      // The ids are free again, and the rest is stored.
      EXPECT_EQ(stage.Commit({kBefore, kAfter}, 30, 200), "APPLIED");
    }
  }
}

// Sums pass between whole numbers and fractions; either way back must be exact.
TEST(ChaacLuaUndoTest, SumsReturnToTheTextTheyHad) {
  for (const double stored : {20.0, 20.5, 0.1, -7.0}) {
    for (const double added : {30.0, 30.5, 0.2, -40.0}) {
      Stage stage;
      ASSERT_EQ(stage.Commit({kBroken}, stored), "APPLIED");
      stage.Break("series:broken:472222");  // Sums are added up before.
      EXPECT_THAT(stage.Commit({kBefore, kBroken}, added), StartsWith("REFUSED 2 series:"));
    }
  }
}

TEST(ChaacLuaUndoTest, ExpiriesAreKept) {
  Stage stage;
  ASSERT_EQ(stage.Commit({kBefore, kBroken}, 20.5, 100), "APPLIED");
  stage.Break("extremes:broken");
  stage.store().SetTime(kStart + hours(1));
  EXPECT_THAT(stage.Commit({kBefore, kBroken}, 30.25, 200), StartsWith("REFUSED 2 extremes:"));
}

TEST(ChaacLuaUndoTest, AListThatHoldsNothingElseGoesAgain) {
  Stage stage;
  stage.Break("series:broken:472222");
  EXPECT_THAT(stage.Commit({kBroken}, 20), StartsWith("REFUSED 1 series:"));
  EXPECT_EQ(stage.store().Get("count:broken"), std::nullopt);
  EXPECT_EQ(stage.store().List("tweets:broken"), std::nullopt);
}

TEST(ChaacLuaUndoTest, NumbersThatAreNoneAreNamed) {
  for (const std::string key :
       {"count:broken", "weather:broken:cloudy", "temp_count:broken", "temp_sum:broken",
        "humidity_count:broken", "humidity_sum:broken"}) {
    Stage stage;
    ASSERT_EQ(stage.Commit({kBroken}, 20), "APPLIED");
    stage.store().Execute({"SET", key, "many"});
    EXPECT_THAT(stage.Commit({kBefore, kBroken}, 30),
                StartsWith("REFUSED 2 " + key + " ERR value"));
  }
}

TEST(ChaacLuaUndoTest, HashesWithForeignFieldsAreNamed) {
  Stage stage;
  ASSERT_EQ(stage.Commit({kBroken}, 20), "APPLIED");
  stage.store().Execute({"HSET", "series:broken:472222", "13", "half a bucket"});
  EXPECT_THAT(stage.Commit({kBefore, kBroken}, 30), StartsWith("REFUSED 2 series:broken:472222 "));

  Stage other;
  ASSERT_EQ(other.Commit({kBroken}, 20), "APPLIED");
  other.store().Execute({"HSET", "extremes:broken", "temp_max", "hot"});
  EXPECT_THAT(other.Commit({kBefore, kBroken}, 30), StartsWith("REFUSED 2 extremes:broken "));
}

TEST(ChaacLuaUndoTest, CountsThatWouldOverflowAreRefused) {
  Stage stage;
  ASSERT_EQ(stage.Commit({kBroken}, 20), "APPLIED");
  stage.store().Execute({"SET", "weather:broken:cloudy", "9223372036854775807"});
  EXPECT_THAT(stage.Commit({kBefore, kBroken}, 30), HasSubstr("would overflow"));
}

TEST(ChaacLuaUndoTest, KeysThatAllMunicipalitiesShareAreNamed) {
  Stage stage;
  stage.store().Execute({"SET", std::string(kIndexKey), "a string"});
  EXPECT_THAT(stage.Commit({kBefore}, 20), StartsWith("REFUSED 1 chaac:municipalities WRONGTYPE"));
  stage.store().Execute({"DEL", std::string(kIndexKey)});

  for (const std::string window : {"chaac:seen:18888", "chaac:seen:18887"}) {
    stage.store().Execute({"SET", window, "a string"});
    EXPECT_THAT(stage.Commit({kBefore}, 20, 100), StartsWith("REFUSED 0 " + window + " WRONGTYPE"));
    EXPECT_EQ(stage.Commit({kBefore}, 20), "APPLIED");  // Without ids the window does not matter.
    stage.store().Execute({"DEL", window});
  }
}

}  // namespace
}  // namespace chaac
