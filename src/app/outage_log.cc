// Beginning, reminder, end.
#include "app/outage_log.h"

namespace chaac {

OutageLog::Event OutageLog::OnTick(bool store_is_up, MonotonicTime now) {
  switch (state_) {
    case State::kUp:
      if (store_is_up) return Event::kNone;
      state_ = State::kMissing;
      began_at_ = now;
      return Event::kNone;
    case State::kMissing:
      if (store_is_up) state_ = State::kUp;
      if (store_is_up || now - began_at_ < kToldAfter) return Event::kNone;
      state_ = State::kDown;
      reminded_at_ = began_at_ - kReminderInterval + kFirstReminderAfter;
      return Event::kBegan;
    case State::kStarting:
      if (!store_is_up) break;
      state_ = State::kUp;
      back_at_ = now;
      return Event::kConnected;
    case State::kDown:
      if (!store_is_up) break;
      state_ = State::kSettling;
      back_at_ = now;
      return Event::kNone;
    case State::kSettling:
      if (!store_is_up) {
        state_ = State::kDown;
        break;
      }
      if (now - back_at_ < kSettledAfter) return Event::kNone;
      state_ = State::kUp;
      return Event::kEnded;
  }
  if (now - reminded_at_ < kReminderInterval) return Event::kNone;
  reminded_at_ = now;
  return Event::kLasts;
}

std::chrono::milliseconds OutageLog::Lasted(MonotonicTime now) const {
  const bool is_over = state_ == State::kUp || state_ == State::kSettling;
  return std::chrono::duration_cast<std::chrono::milliseconds>((is_over ? back_at_ : now) -
                                                               began_at_);
}

}  // namespace chaac
