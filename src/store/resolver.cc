// getaddrinfo on a thread of its own.
#include "store/resolver.h"

#include <netdb.h>
#include <pthread.h>

#include <cstring>
#include <utility>

namespace chaac {

Resolver::Resolver() : thread_([this] { Loop(); }) {}

Resolver::~Resolver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

std::shared_ptr<Lookup> Resolver::Start(std::string host, std::uint16_t port) {
  auto lookup = std::make_shared<Lookup>();
  lookup->host = std::move(host);
  lookup->port = port;
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= kLookupsMax) {
    lookup->error = "too many look-ups are waiting";
    lookup->done.store(true, std::memory_order_release);
  } else {
    waiting_.push_back(lookup);
    changed_.notify_one();
  }
  return lookup;
}

void Resolver::Run(Lookup* lookup) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int status =
      getaddrinfo(lookup->host.c_str(), std::to_string(lookup->port).c_str(), &hints, &found);
  if (status != 0) {
    lookup->error = gai_strerror(status);
  } else {
    for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
      if (lookup->addresses.size() == Lookup::kAddressesMax) break;
      SocketAddress& address = lookup->addresses.emplace_back();
      std::memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
      address.length = info->ai_addrlen;
    }
    freeaddrinfo(found);
  }
  lookup->done.store(true, std::memory_order_release);
}

void Resolver::Loop() {
  pthread_setname_np(pthread_self(), "resolver");
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const std::shared_ptr<Lookup> lookup = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    Run(lookup.get());
    lock.lock();
  }
}

}  // namespace chaac
