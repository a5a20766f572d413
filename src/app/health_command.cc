// One blocking GET on loopback.
#include "app/health_command.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>

#include "store/resolver.h"

namespace chaac {
namespace {

constexpr timeval kTimeout{.tv_sec = 2, .tv_usec = 0};
constexpr std::string_view kOkLine = "HTTP/1.1 200";

// A wildcard address is where a server listens, not where it is asked.
std::string HostToAsk(const std::string& listen_host) {
  if (listen_host == "0.0.0.0") return "127.0.0.1";
  return listen_host == "::" ? "::1" : listen_host;
}

// As the Host header writes it: an IPv6 address stands in brackets (RFC 9110, 7.2).
std::string HostHeader(const std::string& host) {
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

// The whole answer. Throws std::system_error.
std::string Ask(int fd, const SocketAddress& address, const std::string& request) {
  const auto* generic = reinterpret_cast<const sockaddr*>(&address.storage);
  const auto check = [](ssize_t result) {
    if (result < 0) throw std::system_error(errno, std::system_category());
  };
  check(connect(fd, generic, address.length));
  check(send(fd, request.data(), request.size(), MSG_NOSIGNAL));
  std::string answer;
  std::array<char, 4096> buffer{};
  ssize_t received = 0;
  while ((received = recv(fd, buffer.data(), buffer.size(), 0)) > 0) {
    answer.append(buffer.data(), static_cast<std::size_t>(received));
  }
  check(received);
  return answer;
}

}  // namespace

int HealthCommand(const ListenAddress& admin, bool ready) {
  Lookup lookup;
  lookup.host = HostToAsk(admin.host);
  lookup.port = admin.port;
  Resolver::Run(&lookup);
  if (!lookup.error.empty()) {
    std::fprintf(stderr, "chaac: the name %s cannot be resolved: %s\n", lookup.host.c_str(),
                 lookup.error.c_str());
    return EXIT_FAILURE;
  }
  const SocketAddress& address = lookup.addresses.front();
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kTimeout, sizeof(kTimeout));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kTimeout, sizeof(kTimeout));
  const std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                  ready ? "/readyz" : "/livez", HostHeader(lookup.host));
  int status = EXIT_FAILURE;
  try {
    const std::string answer = Ask(fd, address, request);
    if (answer.compare(0, kOkLine.size(), kOkLine) == 0) status = EXIT_SUCCESS;
    const std::size_t body = answer.find("\r\n\r\n");
    if (body != std::string::npos) std::printf("%s\n", answer.c_str() + body + 4);
  } catch (const std::system_error& error) {
    std::fprintf(stderr, "chaac: no answer from %s:%u: %s\n", lookup.host.c_str(),
                 unsigned{admin.port}, error.code().message().c_str());
  }
  close(fd);
  return status;
}

}  // namespace chaac
