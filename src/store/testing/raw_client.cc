// A blocking client over a unix socket.
#include "store/testing/raw_client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "store/testing/reply_writer.h"

namespace chaac {
namespace {

constexpr timeval kTimeout{30, 0};  // For one read or write; a server that works needs far less.

[[noreturn]] void ThrowErrno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

std::string EncodeCommand(const std::vector<std::string>& arguments) {
  std::string bytes;
  ReplyWriter writer(&bytes);
  writer.Array(arguments.size());
  for (const std::string& argument : arguments) writer.Bulk(argument);
  return bytes;
}

RawClient::RawClient(const std::string& socket_path)
    : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) ThrowErrno("socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof(address.sun_path)) {
    close(fd_);
    throw std::invalid_argument("socket path too long: " + socket_path);
  }
  socket_path.copy(address.sun_path, socket_path.size());
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kTimeout, sizeof(kTimeout));
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &kTimeout, sizeof(kTimeout));
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const int error = errno;
    close(fd_);
    throw std::system_error(error, std::generic_category(), "connect to " + socket_path);
  }
}

RawClient::~RawClient() { close(fd_); }

std::string RawClient::Execute(const std::vector<std::string>& arguments) {
  Send(EncodeCommand(arguments));
  return ReadReply();
}

void RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) ThrowErrno("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string RawClient::ReadReply() {
  std::size_t end = EndOfReply(input_);
  while (end == std::string::npos) {
    std::array<char, 65'536> buffer{};
    const ssize_t received = recv(fd_, buffer.data(), buffer.size(), 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) ThrowErrno("recv");
    if (received == 0) {
      throw std::system_error(ECONNRESET, std::generic_category(),
                              "the server closed the connection");
    }
    input_.append(buffer.data(), static_cast<std::size_t>(received));
    end = EndOfReply(input_);
  }
  std::string reply = input_.substr(0, end);
  input_.erase(0, end);
  return reply;
}

}  // namespace chaac
