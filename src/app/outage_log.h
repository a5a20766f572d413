// OutageLog: when the log says that the store cannot be used: once when it has been away for a
// second, after five seconds and then once a minute while it lasts, and once when it has ended,
// however many connections the process has and however often they try. Pure: time is an argument.
// Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace chaac {

class OutageLog {
 public:
  static constexpr std::chrono::seconds kReminderInterval{60};
  // A connection that ends and is made again at once, as after an idle limit of the store's, is no
  // outage.
  static constexpr std::chrono::seconds kToldAfter{1};
  // A store that comes and goes is one outage until it has stayed for so long.
  static constexpr std::chrono::seconds kSettledAfter{1};

  enum class Event : std::uint8_t {
    kNone,
    kConnected,  // For the first time.
    kBegan,
    kLasts,
    kEnded,
  };

  // The first reminder: by then the error is that of an attempt, and no more that of a connection
  // that ended. It also tells of a store that was never there.
  static constexpr std::chrono::seconds kFirstReminderAfter{5};

  // The process starts, at `now`, without the store.
  explicit OutageLog(MonotonicTime now)
      : began_at_(now), reminded_at_(now - kReminderInterval + kFirstReminderAfter) {}

  // What is to be logged now. To be called on every tick.
  [[nodiscard]] Event OnTick(bool store_is_up, MonotonicTime now);

  // How long the store was away, or has been so far.
  [[nodiscard]] std::chrono::milliseconds Lasted(MonotonicTime now) const;

 private:
  enum class State : std::uint8_t { kStarting, kUp, kMissing, kDown, kSettling };

  State state_ = State::kStarting;
  MonotonicTime began_at_;
  MonotonicTime reminded_at_;
  MonotonicTime back_at_{};  // While kSettling, and after it.
};

}  // namespace chaac
