// The store against what was sent and acknowledged.
#include "tests/simulation/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <utility>

namespace chaac {
namespace {

// observed_at of the report with key 0; each next one is a millisecond later.
constexpr std::int64_t kFirstObservedAtMs = 1'700'000'000'000;

// The key of the report in one JSON line of `recent`.
std::size_t KeyOfLine(const std::string& line) {
  constexpr std::string_view kName = R"("observed_at":")";
  const std::size_t at = line.find(kName) + kName.size();
  // 2023-11-14T22:13:20.000Z and the minutes after it: only the time of day matters.
  const auto number = [&](std::size_t offset, std::size_t digits) {
    return std::stoll(line.substr(at + offset, digits));
  };
  const std::int64_t ms =
      ((number(11, 2) * 60 + number(14, 2)) * 60 + number(17, 2)) * 1000 + number(20, 3);
  constexpr std::int64_t kDayMs = 86'400'000;
  return static_cast<std::size_t>(ms - kFirstObservedAtMs % kDayMs);
}

}  // namespace

Ledger::Ledger(std::vector<std::string> slugs, std::vector<std::string> conditions)
    : slugs_(std::move(slugs)), conditions_(std::move(conditions)) {}

std::size_t Ledger::Add(Report report, std::string id) {
  const std::size_t key = sent_.size();
  report.observed_at_ms = kFirstObservedAtMs + static_cast<std::int64_t>(key);
  report.digest = 0x9E3779B97F4A7C15ULL * (key + 1);
  sent_.push_back({.report = report, .id = std::move(id)});
  return key;
}

std::map<std::size_t, std::uint32_t> Ledger::CountStored(LuaStore* store, const std::string& slug,
                                                         std::vector<std::string>* faults) const {
  std::map<std::size_t, std::uint32_t> stored;
  for (const std::string& element :
       store->List("recent:" + slug).value_or(std::vector<std::string>())) {
    std::istringstream lines(element);
    for (std::string line; std::getline(lines, line);) {
      const std::size_t key = KeyOfLine(line);
      ++stored[key];
      if (key >= sent_.size() || slugs_[sent_[key].report.municipality] != slug) {
        faults->push_back(fmt::format("{} holds a report that was never sent: {}", slug, line));
      }
    }
  }
  return stored;
}

void Ledger::CheckSeries(LuaStore* store, const std::string& slug, const Expected& expected,
                         std::vector<std::string>* faults) {
  Expected total;
  for (const std::string& key : store->Keys()) {
    if (key.rfind("series:" + slug + ":", 0) != 0) continue;
    const std::map<std::string, std::string> minutes = *store->Hash(key);
    for (const auto& [minute, value] : minutes) {
      std::istringstream text(value);
      std::uint64_t count = 0;
      std::uint64_t samples = 0;
      std::int64_t sum = 0;
      std::string min;
      std::string max;
      text >> count >> samples >> sum >> min >> max;
      total.count += count;
      total.temperatures += samples;
      total.temperature_sum += sum;
      if (min != "-") total.temperature_min = std::min(total.temperature_min, std::stod(min));
      if (max != "-") total.temperature_max = std::max(total.temperature_max, std::stod(max));
    }
  }
  if (total.count != expected.count || total.temperatures != expected.temperatures ||
      total.temperature_sum != expected.temperature_sum ||
      total.temperature_min != expected.temperature_min ||
      total.temperature_max != expected.temperature_max) {
    faults->push_back(fmt::format("series of {}: {} reports, sum {}; expected {}, {}", slug,
                                  total.count, total.temperature_sum, expected.count,
                                  expected.temperature_sum));
  }
}

void Ledger::CheckMunicipality(LuaStore* store, std::size_t index,
                               const std::map<std::size_t, std::uint32_t>& stored,
                               std::vector<std::string>* faults) const {
  const std::string& slug = slugs_[index];
  Expected expected;
  for (const auto& [key, times] : stored) {
    if (key >= sent_.size()) continue;
    const Report& report = sent_[key].report;
    ++expected.count;
    if (report.condition != kNoCondition) ++expected.by_condition[conditions_[report.condition]];
    if (!report.temperature_celsius) continue;
    ++expected.temperatures;
    expected.temperature_sum += static_cast<std::int64_t>(*report.temperature_celsius);
    expected.temperature_min = std::min(expected.temperature_min, *report.temperature_celsius);
    expected.temperature_max = std::max(expected.temperature_max, *report.temperature_celsius);
  }
  const auto check = [&](const std::string& name, std::int64_t actual, std::int64_t wanted) {
    if (actual != wanted) faults->push_back(fmt::format("{} is {}, not {}", name, actual, wanted));
  };
  const auto number = [&](const std::string& key) {
    return std::stoll(store->Get(key).value_or("0"));
  };
  const auto length = [&](const std::string& key) {
    return static_cast<std::int64_t>(store->List(key).value_or(std::vector<std::string>()).size());
  };
  const auto count = static_cast<std::int64_t>(expected.count);
  const auto samples = static_cast<std::int64_t>(expected.temperatures);
  check("count:" + slug, number("count:" + slug), count);
  for (const std::string& condition : conditions_) {
    check("weather:" + slug + ":" + condition, number("weather:" + slug + ":" + condition),
          static_cast<std::int64_t>(expected.by_condition[condition]));
  }
  check("temp_count:" + slug, number("temp_count:" + slug), samples);
  check("temp_sum:" + slug, number("temp_sum:" + slug), expected.temperature_sum);
  check("length of temperatures:" + slug, length("temperatures:" + slug), samples);
  check("length of tweets:" + slug, length("tweets:" + slug), count);
  if (expected.temperatures > 0) {
    auto extremes = store->Hash("extremes:" + slug).value_or(std::map<std::string, std::string>());
    check("temp_min of " + slug, std::stoll("0" + extremes["temp_min"]),
          static_cast<std::int64_t>(expected.temperature_min));
    check("temp_max of " + slug, std::stoll("0" + extremes["temp_max"]),
          static_cast<std::int64_t>(expected.temperature_max));
  }
  CheckSeries(store, slug, expected, faults);
}

bool Ledger::IsStored(LuaStore* store, std::size_t key) const {
  std::vector<std::string> faults;  // Are found again by Contradictions().
  const std::string& slug = slugs_[sent_[key].report.municipality];
  return store->List("recent:" + slug) && CountStored(store, slug, &faults).count(key) != 0;
}

std::size_t Ledger::ForgetLost(LuaStore* store) {
  std::map<std::size_t, std::uint32_t> all;
  std::vector<std::string> faults;  // Are found again by Contradictions().
  for (const std::string& slug : slugs_) {
    if (!store->List("recent:" + slug)) continue;
    const auto stored = CountStored(store, slug, &faults);
    all.insert(stored.begin(), stored.end());
  }
  std::size_t lost = 0;
  for (std::size_t key = 0; key < sent_.size(); ++key) {
    if (!sent_[key].acknowledged || all.count(key) != 0) continue;
    sent_[key].acknowledged = false;
    ++lost;
  }
  return lost;
}

std::vector<std::string> Ledger::Contradictions(LuaStore* store, bool all_ids_settled) const {
  std::vector<std::string> faults;
  std::map<std::size_t, std::uint32_t> all;
  for (std::size_t i = 0; i < slugs_.size(); ++i) {
    if (!store->Get("count:" + slugs_[i]) && !store->List("recent:" + slugs_[i])) continue;
    const auto stored = CountStored(store, slugs_[i], &faults);
    CheckMunicipality(store, i, stored, &faults);
    all.insert(stored.begin(), stored.end());
  }
  for (std::size_t key = 0; key < sent_.size(); ++key) {
    const SentReport& sent = sent_[key];
    const auto found = all.find(key);
    const std::uint32_t times = found == all.end() ? 0 : found->second;
    const std::string name =
        fmt::format("report {} ({})", key, sent.id.empty() ? "no id" : sent.id);
    if (times > 1) faults.push_back(fmt::format("{} is stored {} times", name, times));
    if (sent.acknowledged && times == 0) faults.push_back(name + " was acknowledged and is lost");
    if (sent.refused_for_sure && times != 0) faults.push_back(name + " was refused and is stored");
    if (all_ids_settled && !sent.id.empty() && times == 0) {
      faults.push_back(name + " has an id and was never stored");
    }
  }
  return faults;
}

}  // namespace chaac
