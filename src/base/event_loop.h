// EventLoop: one thread's epoll. It calls handlers of ready descriptors, then the end-of-round
// hooks, in which work gathered during the round leaves together (one commit, one send per
// connection). Not thread-safe: one thread owns it; only Stop() and Post() may be called from
// others. Limit: handlers are told of at most kEventsPerRoundMax descriptors a round; the rest come
// next.
#pragma once

#include <sys/epoll.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "base/time.h"

namespace chaac {

// Told of events on a descriptor. Lives until it is removed from its loop.
class EventHandler {
 public:
  // `epoll_events`: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR, EPOLLRDHUP as epoll reports them.
  virtual void OnEvents(std::uint32_t epoll_events) = 0;

 protected:
  ~EventHandler() = default;
};

class EventLoop {
 public:
  static constexpr int kEventsPerRoundMax = 512;
  // The grain of every timeout on the loop: OnTick hooks run about this often.
  static constexpr std::chrono::milliseconds kTickInterval{50};

  EventLoop();  // Throws std::system_error when the kernel refuses epoll or eventfd (start-up
                // only).
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Watches `fd` for `epoll_events`, level-triggered. The handler is not owned; neither is the
  // descriptor. A descriptor that the kernel will not watch is reported as EPOLLERR, next round.
  void Add(int fd, std::uint32_t epoll_events, EventHandler* handler);
  void Modify(int fd, std::uint32_t epoll_events);
  // Stops watching. Events of `fd` still pending in this round are dropped, also when the number is
  // used again by another descriptor within the round.
  void Remove(int fd);

  // Hooks are kept for the loop's life and run in the order of their registration: who answers
  // requests at the end of a round registers before who sends the answers. Ticks come first.
  void AtRoundEnd(std::function<void()> hook);
  void OnTick(std::function<void()> hook);

  // Runs `task` on the loop's thread, in its next round; not any more after Stop(). Thread-safe.
  void Post(std::function<void()> task);

  // The next round begins at `time` at the latest, events or not. To be called in a hook; good for
  // one round. Late by some 50 us, the kernel's timer slack.
  void WakeBy(MonotonicTime time) { wake_by_ = std::min(wake_by_, time); }

  void Run();   // Until Stop(). Call once.
  void Stop();  // Ends Run() after the next round, which runs what was posted before. Thread-safe.

  // The time at which this round's events were received; monotonic and wall, read once a round.
  [[nodiscard]] MonotonicTime Now() const { return now_; }
  [[nodiscard]] WallTime WallNow() const { return wall_now_; }

  // The time at this very moment, to measure how long something took within a round.
  [[nodiscard]] static MonotonicTime ReadClock();

 private:
  struct Watch {
    EventHandler* handler = nullptr;
    std::uint32_t generation =
        0;  // Tells a reused descriptor number from the one an event was for.
  };

  enum class Next : std::uint8_t { kContinue, kStop };

  void ReadClocks();
  [[nodiscard]] int Wait(epoll_event* events);
  [[nodiscard]] int MillisecondsToTick() const;
  void Dispatch(std::uint64_t key, std::uint32_t epoll_events);
  Next RunPosted();
  void Wake();

  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  std::vector<Watch> watches_;  // Indexed by descriptor.
  std::vector<std::function<void()>> round_end_hooks_;
  std::vector<std::function<void()>> tick_hooks_;
  MonotonicTime now_{};
  MonotonicTime next_tick_{};
  MonotonicTime wake_by_ = MonotonicTime::max();
  WallTime wall_now_{};

  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;  // Guarded by posted_mutex_.
  bool stopping_ = false;                      // Guarded by posted_mutex_.
};

}  // namespace chaac
