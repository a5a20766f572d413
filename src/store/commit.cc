// One batch's reports, merged into the arguments of one FCALL (their order is described in
// chaac.lua).
#include "store/commit.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <iterator>

#include "store/resp.h"

namespace chaac {
namespace {

constexpr std::string_view kCommitFunction = "chaac_commit_v1";
constexpr std::size_t kFixedKeys = 4;
constexpr std::size_t kFixedArguments = 7;
constexpr std::string_view kCountPrefix = "count:";

// Of commit_municipality() in chaac.lua.
constexpr int kRefreshExpiry = 1;
constexpr int kLookAtExtremes = 2;

constexpr std::size_t kDigestDigits = 16;

void AppendRfc3339(WallTime time, std::string* out) {
  const auto ms = time.time_since_epoch().count();
  fmt::format_to(std::back_inserter(*out), "{:%Y-%m-%dT%H:%M:%S}.{:03d}Z",
                 fmt::gmtime(static_cast<std::time_t>(ms / 1000)), ms % 1000);
}

// Appends views: of literals, their length is known when this is compiled.
void Append(std::string_view text, std::string* out) { out->append(text.data(), text.size()); }

void AppendField(std::string_view name, double value, std::string* out) {
  Append(name, out);
  AppendNumber(value, out);
}

void AppendNumberBulk(double value, std::string* out) { AppendBulk(NumberText(value).text(), out); }

}  // namespace

bool CommitEncoder::Tally::Next(std::uint32_t listed_max) {
  ++count;
  const bool is_listed = count + listed_max > announced;
  if (is_listed) ++listed;
  return is_listed;
}

void CommitEncoder::Measurement::Add(double value, std::uint32_t listed_max) {
  sum.Add(value);
  range.Widen({value, value});
  if (tally.Next(listed_max)) AppendNumberBulk(value, &values);
}

void CommitEncoder::Measurement::Clear() {
  tally = Tally{};
  sum = DecimalSum{};
  range = Range{};
  values.clear();
}

void CommitEncoder::Group::Clear(MunicipalityIndex new_municipality) {
  municipality = new_municipality;
  refreshes_expiry = false;
  tally = Tally{};
  by_condition.fill(0);
  temperature.Clear();
  humidity.Clear();
  ids.clear();
  lines.clear();
  line_ends.clear();
}

CommitEncoder::CommitEncoder(const StoreOptions* options, StoreCache* cache, SlugOf slug_of)
    : options_(options),
      options_text_(OptionsText(*options)),
      cache_(cache),
      slug_of_(std::move(slug_of)) {}

void CommitEncoder::Begin(WallTime sealed_at) {
  for (std::size_t i = 0; i < group_count_; ++i) group_of_[groups_[i].municipality] = 0;
  group_count_ = 0;
  client_ids_.clear();
  client_id_count_ = 0;
  sealed_at_ = sealed_at;
  arrived_at_.clear();
  AppendRfc3339(sealed_at, &arrived_at_);
}

CommitEncoder::Group& CommitEncoder::GroupOf(MunicipalityIndex municipality) {
  if (municipality >= group_of_.size()) group_of_.resize(municipality + std::size_t{1});
  std::uint32_t& position = group_of_[municipality];
  if (position == 0) {
    if (group_count_ == groups_.size()) groups_.emplace_back();
    groups_[group_count_].Clear(municipality);
    position = static_cast<std::uint32_t>(++group_count_);
  }
  return groups_[position - 1];
}

void CommitEncoder::Announce(const Report& report) {
  Group& group = GroupOf(report.municipality);
  ++group.tally.announced;
  if (report.temperature_celsius) ++group.temperature.tally.announced;
  if (report.humidity_percent) ++group.humidity.tally.announced;
}

void CommitEncoder::Add(const Report& report, std::string_view id) {
  Group& group = GroupOf(report.municipality);
  if (report.condition != kNoCondition) ++group.by_condition[report.condition];
  const std::uint32_t listed_max = options_->list_length_max;
  if (report.temperature_celsius) group.temperature.Add(*report.temperature_celsius, listed_max);
  if (report.humidity_percent) group.humidity.Add(*report.humidity_percent, listed_max);
  if (group.tally.Next(listed_max)) {
    AppendBulk(id, &group.ids);
    AppendLine(report, id, &group);
  }
  if (!report.client_id.empty()) {
    AppendBulk(report.client_id, &client_ids_);
    AppendBulkHeader(kDigestDigits, &client_ids_);
    fmt::format_to(std::back_inserter(client_ids_), FMT_STRING("{:016x}\r\n"), report.digest);
    ++client_id_count_;
  }
}

void CommitEncoder::AppendLine(const Report& report, std::string_view id, Group* group) {
  std::string& line = group->lines;
  Append(R"({"id":")", &line);
  Append(id, &line);
  Append(R"(","municipality":")", &line);
  Append(slug_of_(report.municipality), &line);
  line.push_back('"');
  if (report.temperature_celsius) {
    AppendField(R"(,"temperature":)", *report.temperature_celsius, &line);
  }
  if (report.humidity_percent) AppendField(R"(,"humidity":)", *report.humidity_percent, &line);
  if (report.condition != kNoCondition) {
    Append(R"(,"weather":")", &line);
    Append(options_->conditions[report.condition], &line);
    line.push_back('"');
  }
  if (report.observed_at_ms != 0) {
    const WallTime observed_at{std::chrono::milliseconds(report.observed_at_ms)};
    Append(R"(,"observed_at":")", &line);
    AppendRfc3339(observed_at, &line);
    line.push_back('"');
  }
  Append(R"(,"at":")", &line);
  Append(arrived_at_, &line);
  Append(R"("})", &line);
  group->line_ends.push_back(static_cast<std::uint32_t>(line.size()));
}

std::size_t CommitEncoder::AppendMeasurement(const Measurement& measurement, std::string* out) {
  AppendBulk(std::int64_t{measurement.tally.count}, out);
  if (measurement.tally.count == 0) return 1;
  AppendBulk(measurement.sum.Text().text(), out);
  AppendNumberBulk(measurement.range.low, out);
  AppendNumberBulk(measurement.range.high, out);
  AppendBulk(std::int64_t{measurement.tally.listed}, out);
  out->append(measurement.values);
  return 5 + std::size_t{measurement.tally.listed};
}

std::size_t CommitEncoder::AppendRecent(const Group& group, std::string* out) {
  const std::size_t line_count = group.line_ends.size();
  const std::size_t elements = (line_count + kRecentLinesMax - 1) / kRecentLinesMax;
  AppendBulk(static_cast<std::int64_t>(elements), out);
  for (std::size_t first = 0; first < line_count; first += kRecentLinesMax) {
    const std::size_t last = std::min(line_count, first + kRecentLinesMax);
    const std::size_t begin = first == 0 ? 0 : group.line_ends[first - 1];
    AppendBulkHeader(group.line_ends[last - 1] - begin + (last - first - 1), out);
    for (std::size_t i = last; i-- > first;) {  // Newest first, as in the list.
      const std::size_t line_begin = i == 0 ? 0 : group.line_ends[i - 1];
      out->append(group.lines, line_begin, group.line_ends[i] - line_begin);
      if (i != first) out->push_back('\n');
    }
    out->append("\r\n");
  }
  return 1 + elements;
}

std::size_t CommitEncoder::AppendGroup(Group& group, MonotonicTime now, std::string* out) {
  int flags = 0;
  group.refreshes_expiry = cache_->ExpiryIsDue(group.municipality, now);
  if (group.refreshes_expiry) flags |= kRefreshExpiry;
  if (cache_->ExtremesMayWiden(group.municipality, group.temperature.range, group.humidity.range)) {
    flags |= kLookAtExtremes;
  }
  AppendBulk(std::int64_t{group.tally.count}, out);
  AppendBulk(std::int64_t{flags}, out);

  const std::size_t condition_count = options_->conditions.size();
  std::int64_t occurring = 0;
  for (std::size_t i = 0; i < condition_count; ++i) occurring += group.by_condition[i] != 0 ? 1 : 0;
  AppendBulk(occurring, out);
  for (std::size_t i = 0; i < condition_count; ++i) {
    if (group.by_condition[i] == 0) continue;
    AppendBulk(static_cast<std::int64_t>(i + 1), out);
    AppendBulk(std::int64_t{group.by_condition[i]}, out);
  }
  std::size_t arguments = 3 + 2 * static_cast<std::size_t>(occurring);
  arguments += AppendMeasurement(group.temperature, out);
  arguments += AppendMeasurement(group.humidity, out);
  AppendBulk(std::int64_t{group.tally.listed}, out);
  out->append(group.ids);
  arguments += 1 + std::size_t{group.tally.listed};
  return arguments + AppendRecent(group, out);
}

void CommitEncoder::Finish(const CommitHeader& header, MonotonicTime now, std::string* out) {
  arguments_.clear();
  std::size_t argument_count = kFixedArguments + 2 * client_id_count_;
  for (std::size_t i = 0; i < group_count_; ++i) {
    argument_count += AppendGroup(groups_[i], now, &arguments_);
  }

  AppendArrayHeader(3 + kFixedKeys + group_count_ + argument_count, out);
  AppendBulk("FCALL", out);
  AppendBulk(kCommitFunction, out);
  AppendBulk(static_cast<std::int64_t>(kFixedKeys + group_count_), out);
  AppendBulkHeader(kFencePrefix.size() + header.writer.size(), out);
  Append(kFencePrefix, out);
  Append(header.writer, out);
  Append("\r\n", out);
  AppendBulk(kIndexKey, out);
  AppendBulk(kSeenPrefix, out);
  AppendBulk(kCreationsKey, out);
  for (std::size_t i = 0; i < group_count_; ++i) {
    const std::string_view slug = slug_of_(groups_[i].municipality);
    AppendBulkHeader(kCountPrefix.size() + slug.size(), out);
    Append(kCountPrefix, out);
    Append(slug, out);
    Append("\r\n", out);
  }

  AppendBulk(static_cast<std::int64_t>(header.sequence), out);
  AppendBulk(options_text_, out);
  const auto minutes = std::chrono::floor<std::chrono::minutes>(sealed_at_).time_since_epoch();
  AppendBulk(std::int64_t{minutes.count() / 60}, out);
  AppendBulk(std::int64_t{minutes.count() % 60}, out);
  AppendBulk(std::int64_t{header.refresh_fence ? 1 : 0}, out);
  AppendBulk(cache_->creations(), out);
  AppendBulk(static_cast<std::int64_t>(client_id_count_), out);
  out->append(client_ids_);
  out->append(arguments_);
}

void CommitEncoder::NoteCommitted(const redisReply& reply, MonotonicTime sent_at) {
  if (SizeOf(reply) > 1) cache_->NoteCreations(ElementOf(reply, 1).integer);
  for (std::size_t i = 0; i < group_count_; ++i) {
    const Group& group = groups_[i];
    cache_->NoteCommitted(group.municipality, group.temperature.range, group.humidity.range,
                          group.refreshes_expiry, sent_at);
  }
}

MunicipalityIndex CommitEncoder::MunicipalityAt(std::size_t position) const {
  return groups_[position - 1].municipality;
}

}  // namespace chaac
