// A real HttpServer on a thread of its own, and a plain blocking client. For tests.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "base/event_loop.h"
#include "http/server.h"

namespace chaac::testing {

class TestServer final : public RequestHandler {
 public:
  using OnRequestFunction = std::function<void(TestServer&, const Request&, RequestToken)>;

  // `on_request` runs on the loop's thread; `set_up` before the server is made, whose hooks come
  // after those set here.
  explicit TestServer(OnRequestFunction on_request, const HttpLimits& limits = {},
                      const std::function<void(EventLoop*)>& set_up = {});
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  // Runs `task` on the loop's thread and waits for the end of its round, in which answers leave.
  void OnLoop(const std::function<void()>& task);
  // Waits, without limit (ctest has one), until `condition`, asked on the loop's thread, is true.
  void Await(const std::function<bool()>& condition);

  HttpServer& http() { return http_; }
  [[nodiscard]] std::uint16_t port() const { return http_.port(); }
  [[nodiscard]] const HttpMetrics& metrics() const { return metrics_; }
  [[nodiscard]] std::uint64_t Refused(ErrorCode code) const {
    return metrics_.refused[static_cast<std::size_t>(code)].Value();
  }

 private:
  void OnRequest(const Request& request, RequestToken token) override;

  OnRequestFunction on_request_;
  HttpMetrics metrics_;
  EventLoop loop_;
  HttpServer http_;
  std::thread thread_;
};

// Answers "<path>:<body>".
void Echo(TestServer& server, const Request& request, RequestToken token);

// Waits until the loop has nothing to do that `count`, which it writes, would show.
std::size_t Settled(TestServer& server, const std::size_t& count);

struct Answer {
  int status = 0;    // 0: the connection ended instead.
  std::string head;  // Status line and header lines.
  std::string body;
};

class Client {
 public:
  // Connects to 127.0.0.1; throws when it cannot. `receive_bytes`: of the kernel's buffer, if not
  // 0.
  explicit Client(std::uint16_t port, int receive_bytes = 0);
  explicit Client(const TestServer& server);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // False: the connection is broken.
  bool Send(std::string_view bytes);
  void EndSending();
  enum class To { kGet, kHead };
  // Reads one answer; one to HEAD has no body, whatever its length says.
  Answer Read(To to = To::kGet);
  // Reads one chunk of a streamed body; empty: its end, or that of the connection.
  std::string ReadChunk();
  // Reads up to the connection's end.
  std::string ReadRest();
  // True when the server ended the connection in order: all was read, and no reset came.
  bool ReadEnd();
  // Bytes are there, or the end is, within the time.
  [[nodiscard]] bool Readable(std::chrono::milliseconds within) const;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  bool Fill();
  bool FillTo(std::size_t size);

  int fd_ = -1;
  std::string unread_;
};

}  // namespace chaac::testing
