// Query: one question that is put to the store when it is asked. Plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "query/history.h"

namespace chaac {

inline constexpr std::size_t kRecentLimitMax = 1'000;  // Reports; as many as lists surely hold.
inline constexpr std::size_t kRecentLimitDefault = 20;

struct Query {
  enum class Subject : std::uint8_t {
    kHistory,  // `window` of `municipality`.
    kRecent,   // The newest `limit` reports of `municipality`, or of all when it is empty.
  };
  enum class Form : std::uint8_t {
    kJson,     // A document.
    kCsvRows,  // Rows without their header.
  };

  Subject subject = Subject::kRecent;
  Form form = Form::kJson;
  std::string municipality;  // A slug.
  HistoryWindow window;
  std::size_t limit = kRecentLimitDefault;  // REQUIRES: 1 to kRecentLimitMax.

  bool operator==(const Query&) const = default;
};

// Equal for equal queries alone.
[[nodiscard]] std::string KeyOf(const Query& query);

}  // namespace chaac
