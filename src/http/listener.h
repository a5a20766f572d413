// Listener: the listening TCP socket of an HttpServer. Accepts everything that waits, in one go,
// and hands it on. When the process has no descriptor left it sheds instead of spinning. Not
// thread-safe: everything happens on the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/event_loop.h"

namespace chaac {

// Where to listen. TCP port 0: any free port.
struct ListenAddress {
  std::string host = "0.0.0.0";  // Numeric IPv4 or IPv6 address.
  std::uint16_t port = 0;
  bool reuse_port = false;  // Several loops listen on one port (SO_REUSEPORT).
};

class Listener final : public EventHandler {
 public:
  struct Callbacks {
    std::function<void(int fd)> accepted;  // A non-blocking socket, now owned by the callee.
    std::function<void()> refused;         // A connection was closed: no descriptor was left.
  };

  // Throws std::system_error. `loop` outlives it.
  Listener(EventLoop* loop, const ListenAddress& address, Callbacks callbacks);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void OnEvents(std::uint32_t epoll_events) override;
  // Tries again after descriptors ran out altogether. For the loop's ticks.
  void OnTick();

  // Accepts what waits already, then closes.
  void Stop();

  [[nodiscard]] std::uint16_t port() const;

 private:
  enum class Shed : std::uint8_t { kDone, kImpossible };

  void AcceptAll();
  Shed ShedOne();
  void Pause();

  EventLoop* const loop_;
  const Callbacks callbacks_;
  int fd_ = -1;
  int spare_fd_ = -1;  // Given up for a moment to accept, and close, what could not be accepted.
  bool paused_ = false;
};

}  // namespace chaac
