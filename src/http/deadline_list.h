// DeadlineList: the timers of one kind of timeout. All have the same duration, so the order of
// arming is the order of expiry: arming, disarming and expiring are O(1), without a heap. Not
// thread-safe. Reads no clock.
#pragma once

#include <chrono>

#include "base/time.h"

namespace chaac {

template <typename Owner>
class DeadlineList;

// One timer of `owner`; in at most one list at a time. Leaves its list when it is destroyed.
template <typename Owner>
class Deadline {
 public:
  explicit Deadline(Owner* owner) : owner_(owner) {}
  ~Deadline() { Disarm(); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  [[nodiscard]] bool armed() const { return next_ != this; }
  void Disarm() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

 private:
  friend class DeadlineList<Owner>;

  Owner* owner_;
  Deadline* previous_ = this;
  Deadline* next_ = this;
  MonotonicTime at_{};
};

template <typename Owner>
class DeadlineList {
 public:
  explicit DeadlineList(std::chrono::milliseconds duration) : duration_(duration) {}

  // Sets `deadline` to `now` plus the list's duration, whatever it was before.
  // REQUIRES: `now` is not earlier than in any call before.
  void Arm(Deadline<Owner>* deadline, MonotonicTime now) {
    deadline->Disarm();
    deadline->at_ = now + duration_;
    deadline->previous_ = head_.previous_;
    deadline->next_ = &head_;
    head_.previous_->next_ = deadline;
    head_.previous_ = deadline;
  }

  // Disarms the first deadline that has passed and returns its owner; nullptr when none has.
  [[nodiscard]] Owner* PopExpired(MonotonicTime now) {
    Deadline<Owner>* const first = head_.next_;
    if (first == &head_ || first->at_ > now) return nullptr;
    first->Disarm();
    return first->owner_;
  }

 private:
  std::chrono::milliseconds duration_;
  Deadline<Owner> head_{nullptr};  // Before the first and behind the last.
};

}  // namespace chaac
