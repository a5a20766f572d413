// RFC 3339 time stamps: a cursor over the text, one rule after the other.
#include "report/rfc3339.h"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace chaac {
namespace {

// Takes parts off the front of a text; once one is missing, every further one is.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  // Exactly `count` digits; at most `max`.
  int Digits(std::size_t count, int max) {
    if (rest_.size() < count) return Miss();
    int value = 0;
    for (const char digit : rest_.substr(0, count)) {
      if (!IsDigit(digit)) return Miss();
      value = value * 10 + (digit - '0');
    }
    rest_.remove_prefix(count);
    return value <= max ? value : Miss();
  }

  // One of `any`, which is returned; else 0.
  char OneOf(std::string_view any) {
    if (rest_.empty() || any.find(rest_.front()) == std::string_view::npos) {
      Miss();
      return 0;
    }
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }

  // "." and digits, if there is a ".": whole milliseconds.
  int Fraction() {
    if (!rest_.starts_with('.')) return 0;
    rest_.remove_prefix(1);
    if (rest_.empty() || !IsDigit(rest_.front())) return Miss();
    int milliseconds = 0;
    for (int unit = 100; !rest_.empty() && IsDigit(rest_.front()); unit /= 10) {
      milliseconds += (rest_.front() - '0') * unit;
      rest_.remove_prefix(1);
    }
    return milliseconds;
  }

  [[nodiscard]] bool AllTaken() const { return !missed_ && rest_.empty(); }

 private:
  static bool IsDigit(char byte) { return byte >= '0' && byte <= '9'; }

  int Miss() {
    missed_ = true;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool missed_ = false;
};

std::chrono::minutes TakeOffset(Cursor* cursor) {
  const char sign = cursor->OneOf("Zz+-");
  if (sign == 'Z' || sign == 'z') return std::chrono::minutes{0};
  const std::chrono::hours hours{cursor->Digits(2, 23)};
  cursor->OneOf(":");
  const std::chrono::minutes offset = hours + std::chrono::minutes{cursor->Digits(2, 59)};
  return sign == '-' ? -offset : offset;
}

}  // namespace

std::optional<WallTime> ParseRfc3339(std::string_view text) {
  Cursor cursor(text);
  const std::chrono::year year{cursor.Digits(4, 9999)};
  cursor.OneOf("-");
  const std::chrono::month month{static_cast<unsigned>(cursor.Digits(2, 12))};
  cursor.OneOf("-");
  const std::chrono::day day{static_cast<unsigned>(cursor.Digits(2, 31))};
  cursor.OneOf("Tt");
  const std::chrono::hours hours{cursor.Digits(2, 23)};
  cursor.OneOf(":");
  const std::chrono::minutes minutes{cursor.Digits(2, 59)};
  cursor.OneOf(":");
  const std::chrono::seconds seconds{cursor.Digits(2, 60)};
  const std::chrono::milliseconds fraction{cursor.Fraction()};
  const std::chrono::minutes offset = TakeOffset(&cursor);
  const std::chrono::year_month_day date{year, month, day};
  if (!cursor.AllTaken() || !date.ok()) return std::nullopt;

  const auto second = std::chrono::sys_days{date} + hours + minutes - offset + seconds;
  if (seconds == std::chrono::seconds{60}) {
    // A leap second is the last before a month's first midnight, UTC.
    const auto midnight = std::chrono::floor<std::chrono::days>(second);
    const bool first_of_month = std::chrono::year_month_day{midnight}.day() == std::chrono::day{1};
    if (second != midnight || !first_of_month) return std::nullopt;
  }
  return second + fraction;
}

std::string FormatRfc3339(WallTime time) {
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{midnight};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - midnight)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace chaac
