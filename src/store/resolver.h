// Resolver: looks host names up on a thread of its own ("resolver"), because getaddrinfo blocks and
// event loops must not. Thread-safe. At most kLookupsMax wait; more are answered as failed.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace chaac {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

// One question and, once `done`, its answer. Shared by the asker and the resolver.
struct Lookup {
  std::string host;
  std::uint16_t port = 0;
  std::atomic<bool> done{false};  // Set last, with release: then the fields below are fixed.
  // In the order in which they should be tried; at least one without an error, at most
  // kAddressesMax.
  std::vector<SocketAddress> addresses;
  std::string error;  // Not empty: the look-up failed.

  static constexpr std::size_t kAddressesMax = 16;
};

class Resolver {
 public:
  static constexpr std::size_t kLookupsMax = 256;

  Resolver();
  ~Resolver();  // Waits for the look-up under way.
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  [[nodiscard]] std::shared_ptr<Lookup> Start(std::string host, std::uint16_t port);

  // Looks up on the calling thread.
  static void Run(Lookup* lookup);

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Lookup>> waiting_;  // Guarded by mutex_.
  bool stopping_ = false;                        // Guarded by mutex_.
  std::thread thread_;                           // Last: it uses all of the above.
};

}  // namespace chaac
