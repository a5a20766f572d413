// From the store's numbers to bodies that are served to many.
#include "query/snapshot.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"
#include "query/json_figures.h"
#include "query/numbers.h"
#include "query/stream_events.h"
#include "report/rfc3339.h"

namespace chaac {
namespace {

constexpr std::size_t kFixedNumbers = 5;     // Count, and sum and samples of two measurements.
constexpr std::size_t kExtremesNumbers = 4;  // Low and high of two measurements.

template <typename Number>
std::optional<Number> NumberOf(const redisReply& reply) {
  return NumberFrom<Number>(TextOf(reply));
}

MeasurementTotals ReadMeasurement(const redisReply& sum, const redisReply& samples,
                                  const redisReply& low, const redisReply& high) {
  return {.sum = NumberOf<double>(sum).value_or(0),
          .samples = NumberOf<std::uint64_t>(samples).value_or(0),
          .extremes = {.low = NumberOf<double>(low), .high = NumberOf<double>(high)}};
}

MunicipalityTotals ReadRow(const redisReply& row, std::size_t condition_count) {
  const auto at = [&row](std::size_t i) -> const redisReply& { return ElementOf(row, i); };
  MunicipalityTotals totals;
  totals.slug = TextOf(at(0));
  totals.count = NumberOf<std::uint64_t>(at(1)).value_or(0);
  const std::size_t conditions = 1 + kFixedNumbers;
  for (std::size_t i = 0; i < condition_count; ++i) {
    totals.by_condition.push_back(NumberOf<std::uint64_t>(at(conditions + i)).value_or(0));
  }
  const std::size_t extremes = conditions + condition_count;
  totals.temperature = ReadMeasurement(at(2), at(3), at(extremes), at(extremes + 1));
  totals.humidity = ReadMeasurement(at(4), at(5), at(extremes + 2), at(extremes + 3));
  totals.last_report_at = ParseRfc3339(TextOf(at(extremes + kExtremesNumbers)));
  return totals;
}

std::string Members(const std::vector<std::string>& members) {
  return fmt::format("{{{}}}", fmt::join(members, ","));
}

std::string RangeObject(const Extremes& extremes) {
  std::string text;
  AppendRange(extremes, &text);
  return text;
}

// "counts_by_weather":{…},"extremes":{…}, of all municipalities together.
std::string OverallMembers(const Snapshot& snapshot, const SnapshotOptions& options) {
  std::vector<std::uint64_t> by_condition(options.conditions.size());
  Extremes temperature;
  Extremes humidity;
  for (const MunicipalityTotals& m : snapshot.municipalities) {
    for (std::size_t i = 0; i < by_condition.size(); ++i) by_condition[i] += m.by_condition[i];
    temperature.Widen(m.temperature.extremes);
    humidity.Widen(m.humidity.extremes);
  }
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i < by_condition.size(); ++i) {
    conditions.push_back(fmt::format(R"("{}":{})", options.conditions[i], by_condition[i]));
  }
  return fmt::format(R"("counts_by_weather":{},"extremes":{{"temperature":{},"humidity":{}}})",
                     Members(conditions), RangeObject(temperature), RangeObject(humidity));
}

// "notice":"…", or nothing.
std::string NoticeMember(const SnapshotOptions& options) {
  std::string member;
  if (options.notice.empty()) return member;
  member = R"("notice":)";
  AppendJsonString(options.notice, &member);
  member.push_back(',');
  return member;
}

CachedBody Stats(const Snapshot& snapshot, const std::string& overall, const std::string& notice) {
  std::vector<std::string> municipalities;
  for (const MunicipalityTotals& m : snapshot.municipalities) {
    municipalities.push_back(fmt::format(R"("{}":{})", m.slug, m.count));
  }
  const std::string figures =
      fmt::format(R"("total_processed":{},"counts_by_municipality":{},{},{}"service":"chaac")",
                  snapshot.total_processed, Members(municipalities), overall, notice);
  return MakeCachedBody(
      fmt::format(R"({{{},"timestamp":{}}})", figures, UnixSeconds(snapshot.taken_at)), figures);
}

std::string Mean(const MeasurementTotals& totals) {
  std::string text;
  AppendMean(totals, &text);
  return text;
}

CachedBody Averages(const Snapshot& snapshot) {
  std::vector<std::string> municipalities;
  for (const MunicipalityTotals& m : snapshot.municipalities) {
    municipalities.push_back(fmt::format(
        R"("{}":{{"avg_temperature":{},"avg_humidity":{},"temp_samples":{},"humidity_samples":{}}})",
        m.slug, Mean(m.temperature), Mean(m.humidity), m.temperature.samples, m.humidity.samples));
  }
  const std::string figures = fmt::format(R"("averages":{})", Members(municipalities));
  return MakeCachedBody(
      fmt::format(R"({{"timestamp":{},{}}})", UnixSeconds(snapshot.taken_at), figures), figures);
}

std::string Event(const Snapshot& snapshot, const std::string& overall, const std::string& notice,
                  const MunicipalityJson& municipality_json) {
  std::string data = fmt::format(
      R"({{"number":{},"timestamp":{},{}"total_processed":{},{},"municipalities":[)",
      snapshot.number, UnixSeconds(snapshot.taken_at), notice, snapshot.total_processed, overall);
  for (const MunicipalityTotals& m : snapshot.municipalities) {
    if (data.back() != '[') data.push_back(',');
    municipality_json.AppendFigures(m, &data);
  }
  data.append("]}");
  return SnapshotEvent(snapshot.number, data);
}

}  // namespace

SnapshotMaker::SnapshotMaker(SnapshotOptions options)
    : options_(std::move(options)), municipality_json_(options_.conditions, options_.catalogue) {}

Result<Snapshot> SnapshotMaker::Make(const redisReply& reply, std::uint64_t number, WallTime now,
                                     MonotonicTime monotonic_now) const {
  if (reply.type != REDIS_REPLY_ARRAY) {
    return Fail(ErrorCode::kStoreUnavailable,
                fmt::format("the store cannot be read: {}", TextOf(reply)));
  }
  const std::size_t columns = 1 + kFixedNumbers + options_.conditions.size() + kExtremesNumbers + 1;
  Snapshot snapshot;
  snapshot.number = number;
  snapshot.taken_at = now;
  snapshot.taken_at_monotonic = monotonic_now;
  for (std::size_t i = 0; i < SizeOf(reply); ++i) {
    const redisReply& row = ElementOf(reply, i);
    if (SizeOf(row) != columns) {
      return Fail(ErrorCode::kStoreUnavailable, "the store's function answers in another form");
    }
    snapshot.municipalities.push_back(ReadRow(row, options_.conditions.size()));
    snapshot.total_processed += snapshot.municipalities.back().count;
  }
  std::sort(snapshot.municipalities.begin(), snapshot.municipalities.end(),
            [](const auto& a, const auto& b) { return a.slug < b.slug; });
  const std::string overall = OverallMembers(snapshot, options_);
  const std::string notice = NoticeMember(options_);
  snapshot.stats = Stats(snapshot, overall, notice);
  snapshot.averages = Averages(snapshot);
  snapshot.reporting = MunicipalityList::OfReporting(municipality_json_, snapshot.municipalities);
  snapshot.all = MunicipalityList::WithSilent(municipality_json_, snapshot.reporting);
  snapshot.event = Event(snapshot, overall, notice, municipality_json_);
  return snapshot;
}

void SnapshotBoard::Publish(std::shared_ptr<const Snapshot> snapshot) {
  const std::lock_guard lock(mutex_);
  newest_.swap(snapshot);
}

std::shared_ptr<const Snapshot> SnapshotBoard::Newest() const {
  const std::lock_guard lock(mutex_);
  return newest_;
}

}  // namespace chaac
