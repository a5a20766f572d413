// See test_server.h.
#include "http/testing/test_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <future>
#include <system_error>
#include <utility>

namespace chaac::testing {
namespace {

constexpr std::string_view kLengthField = "\r\nContent-Length: ";

EventLoop* SetUp(EventLoop* loop, const std::function<void(EventLoop*)>& set_up) {
  if (set_up) set_up(loop);
  return loop;
}

}  // namespace

TestServer::TestServer(OnRequestFunction on_request, const HttpLimits& limits,
                       const std::function<void(EventLoop*)>& set_up)
    : on_request_(std::move(on_request)),
      http_(SetUp(&loop_, set_up), {.host = "127.0.0.1"}, limits, this, &metrics_),
      thread_([this] { loop_.Run(); }) {}

TestServer::~TestServer() {
  loop_.Stop();
  thread_.join();
}

void TestServer::OnLoop(const std::function<void()>& task) {
  std::promise<void> done;
  loop_.Post([&] {
    task();
    loop_.Post([&] { done.set_value(); });
  });
  done.get_future().wait();
}

void TestServer::Await(const std::function<bool()>& condition) {
  for (bool is_true = false; !is_true;) {
    OnLoop([&] { is_true = condition(); });
  }
}

void TestServer::OnRequest(const Request& request, RequestToken token) {
  on_request_(*this, request, token);
}

void Echo(TestServer& server, const Request& request, RequestToken token) {
  const std::string body = std::string(request.path) + ":" + std::string(request.body);
  server.http().Respond(token, {.content_type = "text/plain", .body = body});
}

std::size_t Settled(TestServer& server, const std::size_t& count) {
  std::size_t last = 0;
  for (int same = 0; same < 20;) {
    std::size_t now = 0;
    server.OnLoop([&] { now = count; });
    same = now == last ? same + 1 : 0;
    last = now;
  }
  return last;
}

Client::Client(std::uint16_t port, int receive_bytes)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_bytes > 0) {
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    close(fd_);
    throw std::system_error(error, std::generic_category(), "connect");
  }
}

Client::Client(const TestServer& server) : Client(server.port()) {}

Client::~Client() { close(fd_); }

bool Client::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Client::EndSending() { shutdown(fd_, SHUT_WR); }

bool Client::Fill() {
  std::array<char, 65536> bytes{};
  const ssize_t received = recv(fd_, bytes.data(), bytes.size(), 0);
  if (received <= 0) return false;
  unread_.append(bytes.data(), static_cast<std::size_t>(received));
  return true;
}

Answer Client::Read(To to) {
  std::size_t head_end = unread_.find("\r\n\r\n");
  while (head_end == std::string::npos) {
    if (!Fill()) return {};
    head_end = unread_.find("\r\n\r\n");
  }
  Answer answer;
  answer.head = unread_.substr(0, head_end + 2);
  std::from_chars(answer.head.data() + 9, answer.head.data() + 12, answer.status);
  unread_.erase(0, head_end + 4);
  const std::size_t length_at = answer.head.find(kLengthField);
  std::size_t length = 0;
  if (length_at != std::string::npos && to == To::kGet) {
    std::from_chars(answer.head.data() + length_at + kLengthField.size(),
                    answer.head.data() + answer.head.size(), length);
  }
  if (!FillTo(length)) return {};
  answer.body = unread_.substr(0, length);
  unread_.erase(0, length);
  return answer;
}

bool Client::FillTo(std::size_t size) {
  while (unread_.size() < size) {
    if (!Fill()) return false;
  }
  return true;
}

std::string Client::ReadChunk() {
  std::size_t line_end = unread_.find("\r\n");
  while (line_end == std::string::npos) {
    if (!Fill()) return {};
    line_end = unread_.find("\r\n");
  }
  std::size_t size = 0;
  std::from_chars(unread_.data(), unread_.data() + line_end, size, 16);
  const std::size_t begin = line_end + 2;
  if (!FillTo(begin + size + 2)) return {};
  std::string chunk = unread_.substr(begin, size);
  unread_.erase(0, begin + size + 2);
  return chunk;
}

std::string Client::ReadRest() {
  while (Fill()) continue;
  return std::exchange(unread_, {});
}

bool Client::ReadEnd() {
  char byte = 0;
  return unread_.empty() && recv(fd_, &byte, 1, 0) == 0;
}

bool Client::Readable(std::chrono::milliseconds within) const {
  pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
  return poll(&entry, 1, static_cast<int>(within.count())) > 0;
}

}  // namespace chaac::testing
