// ReservedPort: a TCP port of 127.0.0.1 that no other process is given while this object lives. Its
// socket is bound and never listens; a server that allows reuse, as Valkey does, may listen there.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>

namespace chaac {

class ReservedPort {
 public:
  // Throws std::runtime_error when there is none.
  ReservedPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    const int on = 1;
    const bool is_bound = fd_ >= 0 &&
                          setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                          bind(fd_, generic, size) == 0 && getsockname(fd_, generic, &size) == 0;
    if (!is_bound) {
      if (fd_ >= 0) close(fd_);
      throw std::runtime_error("no free port on 127.0.0.1");
    }
    number_ = ntohs(address.sin_port);
  }
  ~ReservedPort() { close(fd_); }
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;

  [[nodiscard]] std::uint16_t number() const { return number_; }

 private:
  int fd_;
  std::uint16_t number_ = 0;
};

}  // namespace chaac
