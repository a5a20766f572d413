// ValkeyProcess: a real valkey-server (or, without one, redis-server) of a test's own: in a folder
// of its own under /tmp, on a unix socket and, if asked for, a loopback port. It dies with the
// thread that started it, and its folder with the object. Failures throw std::runtime_error with
// the server's log. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "store/testing/reserved_port.h"

namespace chaac {

class ValkeyProcess {
 public:
  enum class Tcp : std::uint8_t { kOff, kOn };

  // Starts the server and waits until it answers. `config_lines` override the defaults: no
  // persistence, one database.
  explicit ValkeyProcess(const std::vector<std::string>& config_lines = {}, Tcp tcp = Tcp::kOff);
  ValkeyProcess(const ValkeyProcess&) = delete;
  ValkeyProcess& operator=(const ValkeyProcess&) = delete;
  ~ValkeyProcess();

  // Starts it again, on the same data, socket and port. REQUIRES: it does not run.
  void Start();

  // Ends it with SIGKILL and waits. Nothing to do when it does not run.
  void Kill();

  // Ends it with SIGTERM and waits. Nothing to do when it does not run.
  void Stop();

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::string socket_path() const { return folder_ / "socket"; }
  // 0 without TCP.
  [[nodiscard]] std::uint16_t port() const { return port_ ? port_->number() : std::uint16_t{0}; }
  [[nodiscard]] pid_t pid() const { return pid_; }  // 0 while it does not run.

  // The file of the server that will be started. Throws when there is none.
  static std::filesystem::path FindBinary();

 private:
  void WriteConfig(const std::vector<std::string>& config_lines) const;
  void WaitUntilItAnswers();
  void End(int signal);
  // Whether the process has ended by itself.
  bool HasEnded();
  [[noreturn]] void Fail(const std::string& what) const;

  std::filesystem::path folder_;
  std::optional<ReservedPort> port_;
  pid_t pid_ = 0;
};

}  // namespace chaac
