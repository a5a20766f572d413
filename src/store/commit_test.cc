// The arguments of a commit, as the store receives them. What they do is tested with chaac.lua.
#include "store/commit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "store/testing/replies.h"

namespace chaac {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::ElementsAreArray;

constexpr MonotonicTime kNow{hours(1000)};
// 2023-11-14T22:13:20.007Z: hour 472222, minute 13.
constexpr WallTime kSealedAt{milliseconds(1'700'000'000'007)};

std::string_view SlugOf(MunicipalityIndex index) { return index == 0 ? "mixco" : "coban"; }

class CommitTest : public testing::Test {
 protected:
  CommitTest() { encoder_.Begin(kSealedAt); }

  static StoreOptions Options() {
    StoreOptions options;
    options.list_length_max = 3;
    options.conditions = {"sunny", "cloudy"};
    return options;
  }

  // The command's arguments, "FCALL" first. Commands have the form of replies.
  std::vector<std::string> Finish(bool refresh_fence = false) {
    std::string command;
    encoder_.Finish({.writer = "w", .sequence = 7, .refresh_fence = refresh_fence}, kNow, &command);
    const ReplyPtr words = ReplyOf(command);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < SizeOf(*words); ++i)
      texts.emplace_back(TextOf(ElementOf(*words, i)));
    return texts;
  }

  StoreOptions options_ = Options();
  StoreCache cache_{hours(24)};
  CommitEncoder encoder_{&options_, &cache_, SlugOf};
};

TEST_F(CommitTest, MergesCountsAndSumsAndKeepsValues) {
  encoder_.Add({.condition = 1, .temperature_celsius = 20.5, .humidity_percent = 60}, "tweet-1");
  encoder_.Add({.municipality = 1}, "tweet-2");
  encoder_.Add({.condition = 1, .temperature_celsius = -3}, "tweet-3");
  encoder_.Add({.condition = 0, .temperature_celsius = 0.2}, "tweet-4");
  EXPECT_EQ(encoder_.GroupCount(), 2U);
  EXPECT_EQ(encoder_.MunicipalityAt(1), 0U);
  EXPECT_EQ(encoder_.MunicipalityAt(2), 1U);
  const std::string at = R"("at":"2023-11-14T22:13:20.007Z"})";
  EXPECT_THAT(
      Finish(),
      ElementsAreArray<std::string>(
          {"FCALL",
           "chaac_commit_v1",
           "6",
           "chaac:fence:w",
           "chaac:municipalities",
           "chaac:seen",
           "chaac:creations",
           "count:mixco",
           "count:coban",
           "7",
           "86400 86400 172800 3 1000 2000000 sunny,cloudy",
           "472222",
           "13",
           "0",
           "0",
           "0",
           "3",
           "3",
           "2",
           "1",
           "1",
           "2",
           "2",  // Reports, flags, two conditions.
           "3",
           "17.7",
           "-3",
           "20.5",
           "3",
           "20.5",
           "-3",
           "0.2",
           "1",
           "60",
           "60",
           "60",
           "1",
           "60",
           "3",
           "tweet-1",
           "tweet-3",
           "tweet-4",
           "1",
           R"({"id":"tweet-4","municipality":"mixco","temperature":0.2,"weather":"sunny",)" + at +
               "\n" +
               R"({"id":"tweet-3","municipality":"mixco","temperature":-3,"weather":"cloudy",)" +
               at + "\n" +
               R"({"id":"tweet-1","municipality":"mixco","temperature":20.5,"humidity":60,)" +
               R"("weather":"cloudy",)" + at,
           "1",
           "3",
           "0",
           "0",
           "0",
           "1",
           "tweet-2",
           "1",
           R"({"id":"tweet-2","municipality":"coban",)" + at}));
}

TEST_F(CommitTest, SendsClientIdsWithTheirDigests) {
  encoder_.Add({.observed_at_ms = 1'700'000'000'000, .client_id = "a", .digest = 0xAB}, "a");
  encoder_.Add({}, "tweet-1");
  encoder_.Add({.client_id = "b", .digest = ~std::uint64_t{0}}, "b");
  const std::vector<std::string> words = Finish(/*refresh_fence=*/true);
  EXPECT_THAT(std::vector<std::string>(words.begin() + 12, words.begin() + 19),
              ElementsAre("1", "0", "2", "a", "00000000000000ab", "b", "ffffffffffffffff"));
  EXPECT_THAT(words.back(), testing::EndsWith(R"({"id":"a","municipality":"mixco",)"
                                              R"("observed_at":"2023-11-14T22:13:20.000Z",)"
                                              R"("at":"2023-11-14T22:13:20.007Z"})"));
}

TEST_F(CommitTest, ListsOfABatchThatWasAnnouncedCarryTheNewest) {
  std::vector<Report> reports;
  for (int i = 1; i <= 5; ++i) reports.push_back({.temperature_celsius = i});
  reports.push_back({});  // Newer, but without a temperature.
  for (const Report& report : reports) encoder_.Announce(report);
  for (std::size_t i = 0; i < reports.size(); ++i) {
    encoder_.Add(reports[i], "tweet-" + std::to_string(i + 1));
  }
  const std::vector<std::string> words = Finish();
  EXPECT_THAT(std::vector<std::string>(words.begin() + 15, words.end() - 1),
              ElementsAre("6", "3", "0", "5", "15", "1", "5", "3", "3", "4", "5", "0", "3",
                          "tweet-4", "tweet-5", "tweet-6", "1"));
}

TEST_F(CommitTest, AnElementOfRecentHoldsSoManyReports) {
  options_.list_length_max = 100;
  for (std::size_t i = 0; i < 2 * CommitEncoder::kRecentLinesMax + 1; ++i) {
    encoder_.Add({}, "tweet-" + std::to_string(i));
  }
  const std::vector<std::string> words = Finish();
  ASSERT_EQ(words[words.size() - 4], "3");
  EXPECT_EQ(std::count(words.end()[-3].begin(), words.end()[-3].end(), '\n'), 7);
  EXPECT_THAT(words.end()[-3], testing::StartsWith(R"({"id":"tweet-7",)"));
  EXPECT_THAT(words.end()[-2], testing::StartsWith(R"({"id":"tweet-15",)"));
  EXPECT_THAT(words.back(), testing::StartsWith(R"({"id":"tweet-16",)"));
}

TEST_F(CommitTest, FlagsComeFromTheCacheAndCommitsTeachIt) {
  const auto flags = [this](double temperature) {
    encoder_.Begin(kSealedAt);
    encoder_.Add({.temperature_celsius = temperature}, "tweet-1");
    return Finish()[16];
  };
  EXPECT_EQ(flags(20), "3");
  EXPECT_EQ(flags(20), "3");  // Not committed: not known.
  encoder_.NoteCommitted(*ReplyOf("+APPLIED\r\n"), kNow);
  EXPECT_EQ(flags(20), "0");
  EXPECT_EQ(flags(21), "2");
  encoder_.NoteCommitted(*ReplyOf("+REPEATED\r\n"), kNow);
  EXPECT_EQ(flags(20.5), "0");
}

// What was known before may be of keys that are gone; what this commit has sent is there.
TEST_F(CommitTest, AnotherNumberOfCreationsMakesTheCacheForgetAllBefore) {
  const auto add = [this](double temperature) {
    encoder_.Begin(kSealedAt);
    encoder_.Add({.temperature_celsius = temperature}, "tweet-1");
    return Finish();
  };
  add(20);
  encoder_.NoteCommitted(*ReplyOf("*2\r\n$7\r\nAPPLIED\r\n:7\r\n"), kNow);
  EXPECT_EQ(add(20)[13], "7");
  EXPECT_EQ(add(20)[16], "0");
  add(30);
  encoder_.NoteCommitted(*ReplyOf("*2\r\n$7\r\nAPPLIED\r\n:8\r\n"), kNow);
  EXPECT_EQ(add(30)[16], "1");  // The expiry, of keys that may be others.
  EXPECT_EQ(add(20)[16], "3");
}

TEST_F(CommitTest, ABatchStartsEmpty) {
  encoder_.Add({.condition = 1, .temperature_celsius = 20, .client_id = "a"}, "a");
  encoder_.Add({.municipality = 1}, "tweet-1");
  Finish();
  encoder_.Begin(kSealedAt);
  EXPECT_EQ(encoder_.GroupCount(), 0U);
  encoder_.Add({.municipality = 1}, "tweet-2");
  const std::vector<std::string> words = Finish();
  EXPECT_THAT(std::vector<std::string>(words.begin() + 2, words.end() - 1),
              ElementsAre("5", "chaac:fence:w", "chaac:municipalities", "chaac:seen",
                          "chaac:creations", "count:coban", "7", testing::_, "472222", "13", "0",
                          "0", "0", "1", "3", "0", "0", "0", "1", "tweet-2", "1"));
}

}  // namespace
}  // namespace chaac
