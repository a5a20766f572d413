// The shipped function library, chaac.lua, in LuaStore and in a real Valkey: random writers,
// commits, repeats, gaps, client ids and keys of wrong types must have the same replies and leave
// the same data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/testing/twin_stores.h"

namespace chaac {
namespace {

using Words = std::vector<std::string>;

constexpr int kSeeds = 5;
constexpr int kCallsPerSeed = 1'000;

// Tight limits, so that each is met: lists of 7, 3 municipalities, 12 client ids.
const std::string kOptions = "86400 86400 172800 7 3 12 sunny,cloudy,rainy";

// Far above the time in ms * 1000, so that leases do not depend on the clock; below 2^53.
const std::string kLeasesStart = "9007199000000000";

std::string ShippedLibrary() {
  std::ifstream file(CHAAC_SOURCE_DIR "/src/store/chaac.lua");
  return {std::istreambuf_iterator<char>(file), {}};
}

// Of a status, or of the string that opens an array.
std::string FirstWord(std::string_view reply) {
  if (reply.starts_with('*')) reply.remove_prefix(reply.find("\r\n", reply.find('$')) + 2);
  const auto first = reply.find_first_not_of("+-");
  return std::string(reply.substr(first, reply.find_first_of(" \r", first) - first));
}

// Calls from a seed. Knows what the last reply told, to go on where a writer's sequence stands.
class CallGenerator {
 public:
  explicit CallGenerator(unsigned seed) : random_(seed) {}

  Words Next() {
    if (!std::exchange(has_leases_, true)) return {"SET", "leases", kLeasesStart};
    const int kind = Below(100);
    if (kind < 4) return WrongType();
    if (kind < 5) return Flush();
    if (kind < 8) return {"FCALL_RO", "chaac_snapshot_v1", "1", "chaac:municipalities", kOptions};
    if (kind < 11) return Lease();
    if (kind < 25 || !is_open_) return Open();
    return Commit();
  }

  // The first word of each kind of answer that commits met.
  [[nodiscard]] const std::set<std::string>& outcomes() const { return outcomes_; }

  // What the call that Next() returned last was answered.
  void Learn(std::string_view reply) {
    if (!committing_) return;
    committing_ = false;
    const auto outcome = FirstWord(reply);
    outcomes_.insert(outcome);
    if (outcome == "APPLIED") {
      last_sequence_ = tried_sequence_;
    } else if (Below(2) == 0) {
      is_open_ = false;
    }
  }

 private:
  int Below(int limit) { return std::uniform_int_distribution(0, limit - 1)(random_); }

  std::string Municipality() { return "m" + std::to_string(Below(4)); }

  std::string Fence() const { return "chaac:fence:" + std::to_string(writer_); }

  Words Flush() {
    has_leases_ = false;
    return {"FLUSHALL"};
  }

  Words Lease() {
    return {"FCALL", "chaac_lease_v1", "1", "leases", std::to_string(1 + Below(5000))};
  }

  Words Open() {
    const std::string old = Fence();
    ++writer_;
    is_open_ = true;
    last_sequence_ = 0;
    if (Below(2) == 0) return {"FCALL", "chaac_open_v1", "1", Fence(), "172800"};
    return {"FCALL", "chaac_open_v1", "2", Fence(), old, "172800"};
  }

  Words WrongType() {
    static const Words prefixes = {
        "count:",  "weather:", "temperatures:", "humidity:",       "temp_sum:", "temp_count:",
        "tweets:", "recent:",  "humidity_sum:", "humidity_count:", "extremes:", "series:"};
    const std::string& prefix = prefixes[static_cast<std::size_t>(Below(12))];
    const std::string key = prefix + Municipality() +
                            (prefix == "weather:"  ? ":sunny"
                             : prefix == "series:" ? ":7"
                                                   : "");
    switch (Below(4)) {
      case 0:
        return {"SET", key, "not a number"};
      case 1:
        return {"HSET", key, "field", "value"};
      case 2:
        return {"LPUSH", key, "element"};
      default:
        return {"DEL", key};
    }
  }

  // Mostly the next number; else a repeat or a gap.
  int Sequence() {
    const int kind = Below(10);
    return kind == 0 ? last_sequence_ : kind == 1 ? last_sequence_ + 2 : last_sequence_ + 1;
  }

  std::string Decimal() {
    std::string text = std::to_string(Below(60) - 20);
    return Below(3) == 0 ? text + "." + std::to_string(1 + Below(9)) : text;
  }

  void AppendMeasurement(int samples, Words* words) {
    words->push_back(std::to_string(samples));
    if (samples == 0) return;
    for (int i = 0; i < 3; ++i) words->push_back(Decimal());  // Sum, min, max.
    AppendList(samples, "v", words);
  }

  void AppendList(int count, const std::string& prefix, Words* words) {
    words->push_back(std::to_string(count));
    for (int i = 0; i < count; ++i) words->push_back(prefix + std::to_string(Below(1000)));
  }

  void AppendMunicipality(Words* words) {
    const int reports = 1 + Below(4);
    words->push_back(std::to_string(reports));
    words->push_back(std::to_string(Below(4)));  // Flags.
    words->insert(words->end(), {"1", std::to_string(1 + Below(3)), std::to_string(reports)});
    AppendMeasurement(Below(reports + 1), words);
    AppendMeasurement(Below(reports + 1), words);
    AppendList(reports, "tweet-", words);
    AppendList(1, "{\"id\":", words);
  }

  Words Commit() {
    committing_ = true;
    tried_sequence_ = Sequence();
    const int municipalities = 1 + Below(2);
    Words words = {"FCALL",          "chaac_commit_v1",      std::to_string(4 + municipalities),
                   Fence(),          "chaac:municipalities", "chaac:seen",
                   "chaac:creations"};
    for (int i = 0; i < municipalities; ++i) words.push_back("count:" + Municipality());
    words.insert(words.end(),
                 {std::to_string(tried_sequence_), kOptions, std::to_string(7 + Below(2)),
                  std::to_string(Below(3)), std::to_string(Below(2)), std::to_string(Below(5))});
    const int ids = Below(3) == 0 ? 1 + Below(2) : 0;
    words.push_back(std::to_string(ids));
    for (int i = 0; i < ids; ++i) {
      words.push_back("id-" + std::to_string(Below(200)));
      words.push_back("digest-" + std::to_string(Below(2)));
    }
    for (int i = 0; i < municipalities; ++i) AppendMunicipality(&words);
    return words;
  }

  std::mt19937 random_;
  bool has_leases_ = false;
  int writer_ = 0;
  bool is_open_ = false;
  int last_sequence_ = 0;
  int tried_sequence_ = 0;
  bool committing_ = false;
  std::set<std::string> outcomes_;
};

TEST(ChaacLuaValkeyTest, RepliesAndDataAreTheSame) {
  TwinStores twins;
  std::set<std::string> outcomes;
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    twins.Clear();
    ASSERT_TRUE(twins.Run({"FUNCTION", "LOAD", ShippedLibrary()}));
    CallGenerator generator(seed);
    for (int i = 0; i < kCallsPerSeed; ++i) {
      std::string reply;
      ASSERT_TRUE(twins.Run(generator.Next(), &reply)) << "seed " << seed << ", call " << i;
      generator.Learn(reply);
    }
    ASSERT_TRUE(twins.HaveSameData()) << "seed " << seed;
    outcomes.insert(generator.outcomes().begin(), generator.outcomes().end());
  }
  EXPECT_THAT(outcomes,
              testing::UnorderedElementsAre("APPLIED", "REPEATED", "GAP", "KNOWN", "IDSFULL",
                                            "REFUSED", "FULL", "CLOSED", "NOFENCE"));
}

}  // namespace
}  // namespace chaac
