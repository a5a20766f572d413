// RawClient: a blocking connection to a real Valkey that hands out replies as the bytes they are.
// Throws std::system_error when the server is gone or silent. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chaac {

// The command in RESP2.
std::string EncodeCommand(const std::vector<std::string>& arguments);

class RawClient {
 public:
  // Connects to a unix socket.
  explicit RawClient(const std::string& socket_path);
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient();

  // Sends one command and returns its whole reply.
  std::string Execute(const std::vector<std::string>& arguments);

  // The same in two steps: replies come in the order of what was sent.
  void Send(std::string_view bytes);
  std::string ReadReply();

 private:
  int fd_;
  std::string input_;
};

}  // namespace chaac
