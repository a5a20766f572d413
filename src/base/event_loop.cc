// The epoll side of EventLoop. An event carries its descriptor and the generation of its watch, so
// that an event for a watch that is gone finds nobody, whatever the descriptor is used for now.
#include "base/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace chaac {
namespace {

constexpr std::uint64_t kWakeKey = ~std::uint64_t{0};  // No descriptor is 0xffffffff.

std::uint64_t KeyOf(int fd, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
}

}  // namespace

EventLoop::EventLoop()
    : epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kWakeKey}};
  if (epoll_fd_ < 0 || wake_fd_ < 0 || epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event) != 0) {
    const int error = errno;
    if (epoll_fd_ >= 0) close(epoll_fd_);
    if (wake_fd_ >= 0) close(wake_fd_);
    throw std::system_error(error, std::generic_category(), "cannot create an event loop");
  }
  ReadClocks();
  next_tick_ = now_ + kTickInterval;
}

EventLoop::~EventLoop() {
  close(wake_fd_);
  close(epoll_fd_);
}

void EventLoop::Add(int fd, std::uint32_t epoll_events, EventHandler* handler) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= watches_.size()) watches_.resize(index + 1);
  Watch& watch = watches_[index];
  watch.handler = handler;
  const std::uint64_t key = KeyOf(fd, ++watch.generation);
  epoll_event event{.events = epoll_events, .data = {.u64 = key}};
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) {
    Post([this, key] { Dispatch(key, EPOLLERR); });
  }
}

void EventLoop::Modify(int fd, std::uint32_t epoll_events) {
  const Watch& watch = watches_[static_cast<std::size_t>(fd)];
  epoll_event event{.events = epoll_events, .data = {.u64 = KeyOf(fd, watch.generation)}};
  epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::Remove(int fd) {
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  watches_[static_cast<std::size_t>(fd)].handler = nullptr;
}

void EventLoop::AtRoundEnd(std::function<void()> hook) {
  round_end_hooks_.push_back(std::move(hook));
}

void EventLoop::OnTick(std::function<void()> hook) { tick_hooks_.push_back(std::move(hook)); }

void EventLoop::Post(std::function<void()> task) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(task));
  }
  Wake();
}

void EventLoop::Stop() {
  {
    const std::lock_guard lock(posted_mutex_);
    stopping_ = true;
  }
  Wake();
}

void EventLoop::Run() {
  std::array<epoll_event, kEventsPerRoundMax> events{};
  Next next = Next::kContinue;
  while (next == Next::kContinue) {
    const int count = Wait(events.data());
    ReadClocks();
    for (int i = 0; i < count; ++i) {  // A count of -1 is EINTR: a round without events.
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.u64 == kWakeKey) {
        next = RunPosted();
      } else {
        Dispatch(event.data.u64, event.events);
      }
    }
    if (now_ >= next_tick_) {
      next_tick_ = now_ + kTickInterval;
      for (const auto& hook : tick_hooks_) hook();
    }
    for (const auto& hook : round_end_hooks_) hook();
  }
}

MonotonicTime EventLoop::ReadClock() { return std::chrono::steady_clock::now(); }

int EventLoop::Wait(epoll_event* events) {
  if (wake_by_ >= next_tick_) {
    wake_by_ = MonotonicTime::max();
    return epoll_wait(epoll_fd_, events, kEventsPerRoundMax, MillisecondsToTick());
  }
  // Microseconds matter: the round's own work counts.
  const auto left = std::exchange(wake_by_, MonotonicTime::max()) - ReadClock();
  if (left.count() <= 0) return epoll_wait(epoll_fd_, events, kEventsPerRoundMax, 0);
  const timespec timeout{.tv_sec = 0,
                         .tv_nsec = static_cast<long>(left / std::chrono::nanoseconds(1))};
  const int count = epoll_pwait2(epoll_fd_, events, kEventsPerRoundMax, &timeout, nullptr);
  if (count >= 0 || errno != ENOSYS) return count;
  // A kernel or a sandbox that does not know it: a millisecond, then.
  return epoll_wait(epoll_fd_, events, kEventsPerRoundMax, 1);
}

void EventLoop::ReadClocks() {
  now_ = ReadClock();
  wall_now_ = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

int EventLoop::MillisecondsToTick() const {
  // Measured from the start of the round: its own work makes the tick late by that much, at most.
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_tick_ - now_).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

void EventLoop::Dispatch(std::uint64_t key, std::uint32_t epoll_events) {
  const Watch& watch = watches_[static_cast<std::uint32_t>(key)];
  if (watch.handler != nullptr && watch.generation == key >> 32) {
    watch.handler->OnEvents(epoll_events);
  }
}

EventLoop::Next EventLoop::RunPosted() {
  std::uint64_t wakes = 0;
  // The count does not matter, only that it is zero again; reading it cannot fail once it is ready.
  [[maybe_unused]] const ssize_t ignored = read(wake_fd_, &wakes, sizeof wakes);
  std::vector<std::function<void()>> tasks;
  Next next = Next::kContinue;
  {
    const std::lock_guard lock(posted_mutex_);
    tasks.swap(posted_);
    if (stopping_) next = Next::kStop;
  }
  for (const auto& task : tasks) task();
  return next;
}

void EventLoop::Wake() {
  const std::uint64_t one = 1;
  // Fails only when the counter is at its maximum, and then the loop is awake anyway.
  [[maybe_unused]] const ssize_t ignored = write(wake_fd_, &one, sizeof one);
}

}  // namespace chaac
