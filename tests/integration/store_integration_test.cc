// Link, Ingest and the shipped functions against a real Valkey: after a random workload every key
// is what a plain reference says, and a key of a wrong type spoils its own municipality alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "store/library.h"
#include "store/testing/raw_client.h"
#include "store/testing/replies.h"
#include "store/testing/valkey_process.h"
#include "tests/integration/reference.h"
#include "tests/integration/store_client.h"

namespace chaac {
namespace {

using testing::AllOf;
using testing::ElementsAreArray;
using testing::Ge;
using testing::Le;
using testing::StartsWith;

using Texts = std::vector<std::string>;

constexpr std::size_t kListLengthMin = 1'000;  // Design 4: the newest 1,000 at least,
constexpr std::size_t kListLengthMax = 1'300;  // never above 1,300.

const Texts kMunicipalities = {"chinautla", "mixco", "guatemala", "amatitlan", "coban"};
const Texts kConditions = {"sunny", "cloudy", "rainy", "foggy", "stormy", "windy", "snowy"};

// What the store holds, read with commands of its own.
class StoreView {
 public:
  explicit StoreView(const std::string& socket_path) : client_(socket_path) {}

  ReplyPtr Run(const Texts& command) { return ReplyOf(client_.Execute(command)); }
  std::string Words(const Texts& command) { return WordsOf(*Run(command)); }

  Texts List(const Texts& command) {
    const ReplyPtr reply = Run(command);
    Texts texts;
    for (std::size_t i = 0; i < SizeOf(*reply); ++i)
      texts.emplace_back(TextOf(ElementOf(*reply, i)));
    return texts;
  }
  Texts Range(const std::string& key) { return List({"LRANGE", key, "0", "-1"}); }

  std::map<std::string, std::string> Hash(const std::string& key) {
    const Texts flat = List({"HGETALL", key});
    std::map<std::string, std::string> hash;
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2) hash[flat[i]] = flat[i + 1];
    return hash;
  }

  // Type, value and expiry of each key that belongs to the municipality.
  std::map<std::string, std::string> Describe(const std::string& municipality) {
    Texts keys = List({"KEYS", "*:" + municipality});
    for (const char* pattern : {":*"}) {
      const Texts more = List({"KEYS", "*:" + municipality + pattern});
      keys.insert(keys.end(), more.begin(), more.end());
    }
    std::map<std::string, std::string> described;
    for (const std::string& key : keys) {
      const std::string type = Words({"TYPE", key});
      std::string value;
      if (type == "string") value = Words({"GET", key});
      if (type == "list") value = testing::PrintToString(Range(key));
      if (type == "hash") value = testing::PrintToString(Hash(key));
      described[key] = type + " " + value + " " + Words({"PEXPIRETIME", key});
    }
    return described;
  }

 private:
  RawClient client_;
};

// Requests from a seed.
class Workload {
 public:
  explicit Workload(unsigned seed) : random_(seed) {}

  // Rows of one request: all with ids of their own, or none.
  std::vector<ReferenceReport> Request() {
    const int kind = Below(20);
    const int rows = kind == 0 ? 1'001 + Below(2'000) : kind < 4 ? 1 + Below(600) : 1 + Below(4);
    const bool has_ids = Below(3) == 0;
    const bool is_one_municipality = Below(2) == 0;
    const std::string municipality = Pick(kMunicipalities);
    std::vector<ReferenceReport> request;
    for (int row = 0; row < rows; ++row) {
      ReferenceReport report;
      if (has_ids) report.id = "client-" + std::to_string(++ids_);
      report.municipality = is_one_municipality ? municipality : Pick(kMunicipalities);
      if (Below(5) != 0) report.temperature_hundredths = Value(-900, 600);
      if (Below(5) != 0) report.humidity_hundredths = Value(0, 1'000);
      if (Below(5) != 0) report.condition = Pick(kConditions);
      request.push_back(report);
    }
    return request;
  }

  int Below(int limit) { return std::uniform_int_distribution(0, limit - 1)(random_); }

 private:
  // Whole degrees, tenths or hundredths, from `low` to `high` tenths.
  std::int64_t Value(int low, int high) {
    const int tenths = low + Below(high - low + 1);
    switch (Below(3)) {
      case 0:
        return tenths / 10 * 100;
      case 1:
        return tenths * 10;
      default:
        return std::min(tenths * 10 + Below(10), high * 10);
    }
  }

  std::string Pick(const Texts& texts) {
    return texts[static_cast<std::size_t>(Below(static_cast<int>(texts.size())))];
  }

  std::mt19937 random_;
  int ids_ = 0;
};

template <typename T>
std::vector<T> NewestFirst(const std::vector<T>& oldest_first, std::size_t count) {
  std::vector<T> newest(oldest_first.rbegin(), oldest_first.rend());
  newest.resize(std::min(newest.size(), count));
  return newest;
}

// A report's line in `recent`, up to its arrival time.
std::string LineOf(const ReferenceReport& report) {
  std::string line = R"({"id":")" + report.id + R"(","municipality":")" + report.municipality + '"';
  if (report.temperature_hundredths) {
    line += R"(,"temperature":)" + HundredthsText(*report.temperature_hundredths);
  }
  if (report.humidity_hundredths) {
    line += R"(,"humidity":)" + HundredthsText(*report.humidity_hundredths);
  }
  if (!report.condition.empty()) line += R"(,"weather":")" + report.condition + '"';
  return line;
}

class StoreIntegrationTest : public testing::Test {
 protected:
  StoreIntegrationTest() {
    options_.conditions = kConditions;
    environment_.endpoint.kind = Endpoint::Kind::kUnix;
    environment_.endpoint.path = valkey_.socket_path();
  }

  void Check(const Reference& reference) {
    for (const auto& [name, expected] : reference.municipalities()) {
      SCOPED_TRACE(name);
      EXPECT_EQ(view_.Words({"GET", "count:" + name}), std::to_string(expected.ids.size()));
      for (const std::string& condition : kConditions) {
        const auto found = expected.by_condition.find(condition);
        EXPECT_EQ(view_.Words({"GET", "weather:" + name + ":" + condition}),
                  found == expected.by_condition.end() ? "nil" : std::to_string(found->second));
      }
      CheckMeasurement(expected.temperature, "temp", "temperatures:" + name, name);
      CheckMeasurement(expected.humidity, "humidity", "humidity:" + name, name);
      EXPECT_THAT(view_.Range("tweets:" + name),
                  ElementsAreArray(NewestFirst(expected.ids, kListLengthMin)));
      CheckRecent(expected, name);
      CheckSeries(expected, name);
      CheckExpiry(name);
    }
  }

  void CheckMeasurement(const Reference::Measurement& expected, const std::string& prefix,
                        const std::string& list, const std::string& name) {
    SCOPED_TRACE(prefix);
    EXPECT_EQ(view_.Words({"GET", prefix + "_count:" + name}),
              std::to_string(expected.values.size()));
    // INCRBYFLOAT shows 17 decimals, of which the last are noise in large sums.
    EXPECT_NEAR(std::stod(view_.Words({"GET", prefix + "_sum:" + name})) * 100,
                static_cast<double>(expected.Sum()), 1e-6);
    Texts values = view_.Range(list);
    EXPECT_LE(values.size(), kListLengthMax);
    values.resize(std::min(values.size(), kListLengthMin));  // Older ones may be left out.
    Texts newest;
    for (const std::int64_t value : NewestFirst(expected.values, kListLengthMin)) {
      newest.push_back(HundredthsText(value));
    }
    EXPECT_EQ(values, newest);
    const auto [low, high] = std::minmax_element(expected.values.begin(), expected.values.end());
    auto extremes = view_.Hash("extremes:" + name);
    EXPECT_EQ(extremes[prefix + "_min"], HundredthsText(*low));
    EXPECT_EQ(extremes[prefix + "_max"], HundredthsText(*high));
  }

  void CheckRecent(const Reference::Municipality& expected, const std::string& name) {
    std::vector<std::string> lines;
    for (const std::string& element : view_.Range("recent:" + name)) {
      std::istringstream stream(element);
      for (std::string line; std::getline(stream, line);) {
        lines.push_back(line.substr(0, line.find(R"(,"at":")")));
      }
    }
    lines.resize(std::min(lines.size(), kListLengthMin));
    Texts newest;
    for (const ReferenceReport& report : NewestFirst(expected.reports, kListLengthMin)) {
      newest.push_back(LineOf(report));
    }
    EXPECT_EQ(lines, newest);
  }

  // A minute is told by the server's clock, so the buckets are compared as a whole.
  void CheckSeries(const Reference::Municipality& expected, const std::string& name) {
    std::uint64_t count = 0;
    std::uint64_t samples = 0;
    double sum = 0;
    double low = 1e9;
    double high = -1e9;
    const auto hours_now = std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now())
                               .time_since_epoch()
                               .count();
    for (const std::string& key : view_.List({"KEYS", "series:" + name + ":*"})) {
      EXPECT_THAT(std::stoll(key.substr(key.rfind(':') + 1)),
                  AllOf(Ge(hours_now - 1), Le(hours_now)));
      for (const auto& [minute, bucket] : view_.Hash(key)) {
        EXPECT_THAT(std::stoi(minute), AllOf(Ge(0), Le(59)));
        std::istringstream fields(bucket);
        std::uint64_t reports = 0;
        std::uint64_t temperatures = 0;
        double bucket_sum = 0;
        fields >> reports >> temperatures >> bucket_sum;
        count += reports;
        samples += temperatures;
        sum += bucket_sum;
        double bucket_low = 0;
        double bucket_high = 0;
        if (temperatures != 0 && fields >> bucket_low >> bucket_high) {
          low = std::min(low, bucket_low);
          high = std::max(high, bucket_high);
        }
      }
    }
    const auto& values = expected.temperature.values;
    EXPECT_EQ(count, expected.ids.size());
    EXPECT_EQ(samples, values.size());
    EXPECT_NEAR(sum * 100, static_cast<double>(expected.temperature.Sum()), 1e-6);
    EXPECT_NEAR(low * 100, static_cast<double>(*std::min_element(values.begin(), values.end())),
                1e-9);
    EXPECT_NEAR(high * 100, static_cast<double>(*std::max_element(values.begin(), values.end())),
                1e-9);
  }

  // All keys but the series end at one instant, 24 hours after a report of the last minutes.
  void CheckExpiry(const std::string& name) {
    const std::string together = view_.Words({"PEXPIRETIME", "count:" + name});
    for (const auto& [key, description] : view_.Describe(name)) {
      const std::string at = view_.Words({"PEXPIRETIME", key});
      if (key.starts_with("series:")) {
        EXPECT_GT(std::stoll(at), std::stoll(together)) << key;
      } else {
        EXPECT_EQ(at, together) << key;
      }
    }
    EXPECT_THAT(std::stoll(view_.Words({"TTL", "count:" + name})), AllOf(Ge(86'000), Le(86'400)));
  }

  ValkeyProcess valkey_;
  StoreView view_{valkey_.socket_path()};
  StoreOptions options_;
  Resolver resolver_;
  Link::Environment environment_{
      .endpoint = {}, .tls = nullptr, .resolver = &resolver_, .limits = {}, .sentinels = {}};
};

TEST_F(StoreIntegrationTest, EveryKeyIsWhatAPlainReferenceSays) {
  StoreClient client(&environment_, &options_, kMunicipalities);
  ASSERT_TRUE(client.AwaitConnected());
  for (const unsigned seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(seed);
    view_.Run({"FLUSHALL"});
    Reference reference;
    Workload workload(seed);
    std::size_t stored = 0;
    std::vector<std::vector<ReferenceReport>> with_ids;  // For sending again.
    for (int round = 0; round < 12; ++round) {
      std::vector<std::vector<ReferenceReport>> requests;
      for (int i = workload.Below(30); i >= 0; --i) requests.push_back(workload.Request());
      const std::size_t fresh = requests.size();
      for (const auto& request : with_ids) {
        if (workload.Below(4) == 0) requests.push_back(request);
      }
      const std::vector<ClientOutcome> outcomes = client.Submit(requests);
      ASSERT_EQ(outcomes.size(), requests.size());
      for (std::size_t i = 0; i < requests.size(); ++i) {
        ASSERT_FALSE(outcomes[i].failure) << outcomes[i].failure->detail;
        ASSERT_EQ(outcomes[i].accepted, requests[i].size());
        if (i >= fresh) continue;  // Sent again: acknowledged, and not counted.
        const bool has_ids = !requests[i].front().id.empty();
        if (has_ids) with_ids.push_back(requests[i]);
        std::uint64_t id = has_ids ? 0 : std::stoull(outcomes[i].first_id.substr(6));
        for (ReferenceReport report : requests[i]) {
          if (!has_ids) report.id = "tweet-" + std::to_string(id++);
          reference.Add(report);
          ++stored;
        }
      }
    }
    EXPECT_GT(stored, 5'000U);
    Check(reference);
  }
}

TEST_F(StoreIntegrationTest, AKeyOfAWrongTypeRefusesItsMunicipalityAndNothingElse) {
  Texts municipalities = {"good"};
  const Texts prefixes = {"count",        "weather",        "temp_count",   "temp_sum",
                          "humidity_sum", "humidity_count", "temperatures", "humidity",
                          "tweets",       "recent",         "extremes",     "series"};
  municipalities.insert(municipalities.end(), prefixes.begin(), prefixes.end());
  StoreClient client(&environment_, &options_, municipalities);
  ASSERT_TRUE(client.AwaitConnected());
  std::size_t good = 0;
  // The municipality is named after its key that breaks.
  for (const std::string& name : prefixes) {
    SCOPED_TRACE(name);
    std::vector<ReferenceReport> rows = {{"", "good", 2'000, 5'000, "sunny"},
                                         {"", name, 2'050, 5'000, "sunny"},
                                         {"", "good", 2'100, 5'000, "rainy"}};
    ASSERT_EQ(client.Submit({rows}).front().accepted, 3U);
    // Series are broken for the hours around now, so that the hour's change does not matter.
    Texts keys = {name + ":" + name};
    if (name == "weather") keys = {"weather:weather:sunny"};
    if (name == "series") {
      const auto hour = std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now())
                            .time_since_epoch()
                            .count();
      keys = {"series:series:" + std::to_string(hour), "series:series:" + std::to_string(hour + 1)};
    }
    for (const std::string& key : keys) {
      view_.Run({"DEL", key});
      view_.Run({"SADD", key, "a set"});
    }
    rows[1].temperature_hundredths = 2'051;  // Extremes are touched only when they widen.
    const auto before = view_.Describe(name);
    const std::vector<ClientOutcome> outcomes = client.Submit({rows, {rows[1]}, {rows[0]}});
    ASSERT_EQ(outcomes.size(), 3U);
    EXPECT_EQ(outcomes[0].accepted, 2U);
    EXPECT_EQ(outcomes[1].accepted, 0U);
    EXPECT_EQ(outcomes[2].accepted, 1U);
    for (const ClientOutcome& outcome : {outcomes[0], outcomes[1]}) {
      ASSERT_EQ(outcome.rejections.size(), 1U);
      EXPECT_EQ(outcome.rejections[0].error.code, ErrorCode::kStoreKeyInvalid);
      EXPECT_THAT(outcome.rejections[0].error.detail, testing::HasSubstr(keys[0].substr(0, 12)));
    }
    EXPECT_EQ(view_.Describe(name), before);
    good += 2 + 3;
  }
  EXPECT_EQ(view_.Words({"GET", "count:good"}), std::to_string(good));
}

TEST_F(StoreIntegrationTest, ARepeatIsAWriteThatReplicasMustConfirm) {
  view_.Run({"FUNCTION", "LOAD", std::string(kLibraryCode)});
  view_.Run({"SET", "chaac:fence:w", "5"});
  const auto changes = [this] {
    const std::string info = view_.Words({"INFO", "persistence"});
    return std::stoll(info.substr(info.find("changes_since_last_save:") + 24));
  };
  const auto before = changes();
  EXPECT_EQ(view_.Words({"FCALL", "chaac_commit_v1", "4", "chaac:fence:w", "chaac:municipalities",
                         "chaac:seen", "chaac:creations", "5", "1 1 1 1 1 1 sunny", "0", "0", "0",
                         "0", "0"}),
            "REPEATED");
  EXPECT_EQ(changes(), before + 1);
  EXPECT_EQ(view_.Words({"GET", "chaac:fence:w"}), "5");
}

TEST_F(StoreIntegrationTest, AMunicipalityThatExpiredStartsAnew) {
  options_.data_ttl = std::chrono::seconds(2);
  StoreClient client(&environment_, &options_, kMunicipalities);
  ASSERT_TRUE(client.AwaitConnected());
  ASSERT_EQ(client.Submit({{{"", "mixco", 5'000, 6'000, "sunny"}}}).front().accepted, 1U);
  EXPECT_EQ(view_.Words({"GET", "count:mixco"}), "1");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (view_.Words({"EXISTS", "count:mixco"}) != "0") {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the keys do not expire";
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_THAT(view_.List({"KEYS", "*:mixco"}), testing::IsEmpty());
  // Both within the extremes of the reports that are gone.
  ASSERT_EQ(client.Submit({{{"", "mixco", 2'000, 6'000, "sunny"}}}).front().accepted, 1U);
  ASSERT_EQ(client.Submit({{{"", "mixco", 2'100, 6'000, "sunny"}}}).front().accepted, 1U);
  EXPECT_EQ(view_.Words({"GET", "count:mixco"}), "2");
  EXPECT_EQ(view_.Words({"GET", "temp_sum:mixco"}), "41");
  EXPECT_THAT(view_.Hash("extremes:mixco"),
              testing::UnorderedElementsAre(
                  std::pair("temp_min", "20"), std::pair("temp_max", "21"),
                  std::pair("humidity_min", "60"), std::pair("humidity_max", "60")));
}

TEST_F(StoreIntegrationTest, AStoreThatComesBackEmptyIsUsedAgain) {
  StoreClient client(&environment_, &options_, kMunicipalities);
  ASSERT_TRUE(client.AwaitConnected());
  ASSERT_EQ(client.Submit({{{"", "mixco", 2'000, 5'000, "sunny"}}}).front().accepted, 1U);
  valkey_.Kill();
  valkey_.Start();
  // What arrives while the store is away waits for it, or is refused for certain.
  std::uint64_t accepted = 0;
  while (accepted == 0) {
    const ClientOutcome outcome = client.Submit({{{"", "mixco", 2'000, 5'000, "sunny"}}}).front();
    accepted += outcome.accepted;
  }
  StoreView after(valkey_.socket_path());
  EXPECT_EQ(after.Words({"GET", "count:mixco"}), "1");
  EXPECT_GE(client.link_metrics().connects.Value(), 2U);
}

}  // namespace
}  // namespace chaac
