// Setting up throws; once it listens, errors of accept() are answered by shedding or pausing.
#include "http/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace chaac {
namespace {

constexpr int kBacklog = 4096;  // Connections the kernel holds while the loop is busy.

[[noreturn]] void ThrowErrno(int error, const ListenAddress& address) {
  throw std::system_error(error, std::generic_category(),
                          fmt::format("cannot listen on {} port {}", address.host, address.port));
}

void SetOption(int fd, int level, int option) {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

// A listening socket, or -1 with errno set.
int OpenListening(const addrinfo& info, const ListenAddress& address) {
  const int fd = socket(info.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  SetOption(fd, SOL_SOCKET, SO_REUSEADDR);
  if (address.reuse_port) SetOption(fd, SOL_SOCKET, SO_REUSEPORT);
  if (bind(fd, info.ai_addr, info.ai_addrlen) == 0 && listen(fd, kBacklog) == 0) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

int OpenSpare() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

Listener::Listener(EventLoop* loop, const ListenAddress& address, Callbacks callbacks)
    : loop_(loop), callbacks_(std::move(callbacks)) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) !=
      0) {
    ThrowErrno(EINVAL, address);
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> info(found, &freeaddrinfo);
  fd_ = OpenListening(*info, address);
  if (fd_ < 0) ThrowErrno(errno, address);
  spare_fd_ = OpenSpare();
  loop_->Add(fd_, EPOLLIN, this);
}

Listener::~Listener() {
  if (fd_ >= 0) {
    loop_->Remove(fd_);
    close(fd_);
  }
  if (spare_fd_ >= 0) close(spare_fd_);
}

void Listener::OnEvents(std::uint32_t /*epoll_events*/) { AcceptAll(); }

void Listener::OnTick() {
  if (!std::exchange(paused_, false)) return;
  if (spare_fd_ < 0) spare_fd_ = OpenSpare();
  loop_->Modify(fd_, EPOLLIN);
}

void Listener::Stop() {
  if (fd_ < 0) return;
  AcceptAll();
  loop_->Remove(fd_);
  close(std::exchange(fd_, -1));
  paused_ = false;
}

void Listener::AcceptAll() {
  for (;;) {
    const int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      SetOption(fd, IPPROTO_TCP, TCP_NODELAY);
      callbacks_.accepted(fd);
      continue;
    }
    switch (errno) {
      case EMFILE:
      case ENFILE:
        if (ShedOne() == Shed::kDone) continue;
        return Pause();
      case ENOBUFS:
      case ENOMEM:
        return Pause();
      case EINTR:
      case ECONNABORTED:
        continue;
      default:
        return;  // EAGAIN: nothing waits any more. Errors of one connection: the loop tells again.
    }
  }
}

Listener::Shed Listener::ShedOne() {
  if (spare_fd_ < 0) return Shed::kImpossible;
  close(std::exchange(spare_fd_, -1));
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    close(fd);
    callbacks_.refused();
  }
  spare_fd_ = OpenSpare();
  return fd >= 0 ? Shed::kDone : Shed::kImpossible;
}

// Level-triggered: without this, a connection that cannot be accepted would keep the loop spinning.
void Listener::Pause() {
  paused_ = true;
  loop_->Modify(fd_, 0);
}

std::uint16_t Listener::port() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
  // The port is at the same place in both families.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

}  // namespace chaac
