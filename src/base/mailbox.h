// Mailbox: an EventLoop that may end before those who post to it. Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

#include "base/event_loop.h"

namespace chaac {

class Mailbox {
 public:
  explicit Mailbox(EventLoop* loop) : loop_(loop) {}

  // As EventLoop::Post(), until Close(); then `task` is dropped.
  void Post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (loop_ != nullptr) loop_->Post(std::move(task));
  }

  // The loop is about to go, and no task runs on it any more.
  void Close() {
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
  }

 private:
  std::mutex mutex_;
  EventLoop* loop_;  // Guarded by mutex_.
};

}  // namespace chaac
