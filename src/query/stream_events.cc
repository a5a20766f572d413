// JSON strings hold no line breaks, so that each event's data is one line.
#include "query/stream_events.h"

#include <fmt/format.h>

#include <chrono>

#include "base/json_text.h"

namespace chaac {

std::string SnapshotEvent(std::uint64_t number, std::string_view data) {
  return fmt::format("id: {}\nevent: snapshot\ndata: {}\n\n", number, data);
}

std::string StaleEvent(WallTime since, std::string_view detail) {
  std::string quoted;
  AppendJsonString(detail, &quoted);
  return fmt::format("event: stale\ndata: {{\"since\":{},\"detail\":{}}}\n\n", UnixSeconds(since),
                     quoted);
}

std::int64_t UnixSeconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace chaac
