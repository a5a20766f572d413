// sigwait() instead of a handler.
#include "app/stop_signals.h"

#include <pthread.h>

#include <cerrno>

namespace chaac {

StopSignals::StopSignals() {
  sigemptyset(&set_);
  sigaddset(&set_, SIGINT);
  sigaddset(&set_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

int StopSignals::Wait() const {
  int number = 0;
  while (sigwait(&set_, &number) != 0) {
  }
  return number;
}

bool StopSignals::WaitFor(std::chrono::milliseconds timeout) const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout);
  const timespec wait{
      .tv_sec = seconds.count(),
      .tv_nsec = std::chrono::nanoseconds(timeout - seconds).count(),
  };
  return sigtimedwait(&set_, nullptr, &wait) > 0;
}

}  // namespace chaac
