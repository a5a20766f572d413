// StopSignals: SIGINT and SIGTERM, taken by waiting for them and not by a handler. Constructing it
// blocks them in the calling thread and in all threads started afterwards.
#pragma once

#include <chrono>
#include <csignal>

namespace chaac {

class StopSignals {
 public:
  StopSignals();

  // Waits for a signal; returns its number.
  int Wait() const;
  // True when a signal came within `timeout`.
  bool WaitFor(std::chrono::milliseconds timeout) const;

 private:
  sigset_t set_{};
};

}  // namespace chaac
