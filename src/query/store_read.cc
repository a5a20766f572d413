// Reading hours of a series, and lists of reports.
#include "query/store_read.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string_view>
#include <utility>

#include "query/history.h"
#include "query/numbers.h"
#include "query/recent_line.h"
#include "query/recent_merge.h"

namespace chaac {
namespace {

constexpr std::size_t kWaveCommandsMax = 24;  // A day of a series: about 0.2 ms of the store.
// Of lists; a command may ask for as many by itself. 1.5 MB when each holds eight reports.
constexpr std::size_t kWaveElementsMax = 1'000;
constexpr std::int64_t kClockDifferenceHours = 1;  // Between servers.
constexpr std::string_view kWrongType = "WRONGTYPE";

bool IsWrongType(const redisReply& reply) {
  return IsError(reply) && TextOf(reply).substr(0, kWrongType.size()) == kWrongType;
}

tl::unexpected<Error> BadKey(std::string_view key) {
  return Fail(ErrorCode::kStoreKeyInvalid,
              fmt::format("the key {} in the store does not hold what Chaac writes there", key));
}

tl::unexpected<Error> CannotRead(const redisReply& reply) {
  return Fail(ErrorCode::kStoreUnavailable,
              fmt::format("the store cannot be read at present: {}", TextOf(reply)));
}

// Asks for the hours of the window that the store may hold.
class HistoryRead final : public StoreRead {
 public:
  HistoryRead(const Query& query, std::chrono::seconds series_ttl, WallTime now)
      : query_(query), history_(query.window) {
    const auto hours = [](auto duration) {
      return std::chrono::ceil<std::chrono::hours>(duration).count();
    };
    const std::int64_t now_hour = hours(now.time_since_epoch());
    // A key lives on for series_ttl after its hour, which is counted from the hour's last report.
    const std::int64_t oldest = now_hour - hours(series_ttl) - 2 - kClockDifferenceHours;
    const HistoryWindow& window = query.window;
    hour_ = std::max(window.from_minute / kHourMinutes, oldest);
    end_hour_ = std::min((window.to_minute + kHourMinutes - 1) / kHourMinutes,
                         now_hour + kClockDifferenceHours);
    if (window.from_minute == window.to_minute) end_hour_ = hour_;
  }

  std::size_t Ask(std::string* out) override {
    std::size_t count = 0;
    replied_hour_ = hour_;
    for (; hour_ < end_hour_ && count < kWaveCommandsMax; ++hour_, ++count) {
      AppendCommand({"HGETALL", KeyOfHour(hour_)}, out);
    }
    return count;
  }

  Result<void> Take(const redisReply& reply) override {
    const std::int64_t hour = replied_hour_++;
    if (IsWrongType(reply)) return BadKey(KeyOfHour(hour));
    if (reply.type != REDIS_REPLY_ARRAY) return CannotRead(reply);
    for (std::size_t i = 0; i + 1 < SizeOf(reply); i += 2) {
      const auto minute = NumberFrom<std::int64_t>(TextOf(ElementOf(reply, i)));
      const auto bucket = ParseBucket(TextOf(ElementOf(reply, i + 1)));
      if (!minute || *minute < 0 || *minute >= kHourMinutes || !bucket) {
        return BadKey(KeyOfHour(hour));
      }
      history_.Add(hour * kHourMinutes + *minute, *bucket);
    }
    return {};
  }

  std::string Body() override {
    return query_.form == Query::Form::kJson ? history_.Json(query_.municipality)
                                             : history_.CsvRows(query_.municipality);
  }

 private:
  [[nodiscard]] std::string KeyOfHour(std::int64_t hour) const {
    return fmt::format(FMT_STRING("series:{}:{}"), query_.municipality, hour);
  }

  const Query query_;
  History history_;
  std::int64_t hour_ = 0;  // The next one to be asked for.
  std::int64_t end_hour_ = 0;
  std::int64_t replied_hour_ = 0;
};

// Those with reports, whoever reported last first.
std::vector<std::string> ByLastReport(const Snapshot& snapshot) {
  std::vector<const MunicipalityTotals*> order;
  for (const MunicipalityTotals& m : snapshot.municipalities) {
    if (m.last_report_at) order.push_back(&m);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return a->last_report_at > b->last_report_at;
  });
  std::vector<std::string> slugs;
  slugs.reserve(order.size());
  for (const MunicipalityTotals* m : order) slugs.push_back(m->slug);
  return slugs;
}

class RecentRead final : public StoreRead {
 public:
  RecentRead(const Query& query, std::vector<std::string> municipalities)
      : form_(query.form),
        is_of_one_(!query.municipality.empty()),
        merge_(std::move(municipalities), query.limit) {}

  std::size_t Ask(std::string* out) override {
    if (taken_ != 0 && taken_ == merge_.reads().size()) {
      merge_.Merge();
      taken_ = asked_ = 0;
    }
    std::size_t count = 0;
    std::size_t elements = 0;
    for (; asked_ < merge_.reads().size() && count < kWaveCommandsMax; ++asked_, ++count) {
      const RecentMerge::Read& read = merge_.reads()[asked_];
      elements += read.elements;
      if (count != 0 && elements > kWaveElementsMax) break;
      AppendCommand({"LRANGE", KeyOfList(read), "0", std::to_string(read.elements - 1)}, out);
    }
    return count;
  }

  Result<void> Take(const redisReply& reply) override {
    const RecentMerge::Read& read = merge_.reads()[taken_++];
    // Of many, those that can be read are shown.
    if (IsWrongType(reply) && is_of_one_) return BadKey(KeyOfList(read));
    if (reply.type != REDIS_REPLY_ARRAY && !IsWrongType(reply)) return CannotRead(reply);
    std::vector<std::string> elements;
    elements.reserve(SizeOf(reply));
    for (std::size_t i = 0; i < SizeOf(reply); ++i) {
      elements.emplace_back(TextOf(ElementOf(reply, i)));
    }
    merge_.Take(read, std::move(elements));
    return {};
  }

  std::string Body() override {
    std::string body;
    if (form_ == Query::Form::kJson) {
      body = fmt::format(FMT_STRING("[{}]"), fmt::join(merge_.lines(), ","));
    } else {
      RecentLineReader reader;
      for (const std::string_view line : merge_.lines()) reader.AppendCsvRow(line, &body);
    }
    return body;
  }

 private:
  [[nodiscard]] std::string KeyOfList(const RecentMerge::Read& read) const {
    return fmt::format(FMT_STRING("recent:{}"), merge_.MunicipalityOf(read));
  }

  const Query::Form form_;
  const bool is_of_one_;
  RecentMerge merge_;
  std::size_t asked_ = 0;  // Of merge_.reads().
  std::size_t taken_ = 0;
};

}  // namespace

std::string KeyOf(const Query& query) {
  if (query.subject == Query::Subject::kHistory) {
    return fmt::format(FMT_STRING("history {} {} {} {} {}"), static_cast<int>(query.form),
                       query.municipality, query.window.from_minute, query.window.to_minute,
                       query.window.step_minutes);
  }
  return fmt::format(FMT_STRING("recent {} {} {}"), static_cast<int>(query.form),
                     query.municipality, query.limit);
}

std::unique_ptr<StoreRead> MakeStoreRead(const Query& query, const Snapshot* newest,
                                         std::chrono::seconds series_ttl, WallTime now) {
  if (query.subject == Query::Subject::kHistory) {
    return std::make_unique<HistoryRead>(query, series_ttl, now);
  }
  std::vector<std::string> municipalities;
  if (!query.municipality.empty()) {
    municipalities.push_back(query.municipality);
  } else if (newest != nullptr) {
    municipalities = ByLastReport(*newest);
  }
  return std::make_unique<RecentRead>(query, std::move(municipalities));
}

}  // namespace chaac
