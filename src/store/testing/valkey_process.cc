// A child process with a folder of its own.
#include "store/testing/valkey_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "store/testing/raw_client.h"

namespace chaac {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kStartMax{30};  // Loading a large AOF on a busy machine included.
constexpr milliseconds kPollInterval{2};

std::filesystem::path MakeFolder() {
  std::string name = "/tmp/chaac-valkey-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "mkdtemp " + name);
  }
  return name;
}

}  // namespace

std::filesystem::path ValkeyProcess::FindBinary() {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody sets it.
  const std::string folders = std::string(path == nullptr ? "" : path) + ":/usr/bin";
  for (const char* name : {"valkey-server", "redis-server"}) {
    std::istringstream remaining(folders);
    for (std::string folder; std::getline(remaining, folder, ':');) {
      auto file = std::filesystem::path(folder) / name;
      if (access(file.c_str(), X_OK) == 0) return file;
    }
  }
  throw std::runtime_error(
      "neither valkey-server nor redis-server is in PATH or /usr/bin: run script/bootstrap");
}

ValkeyProcess::ValkeyProcess(const std::vector<std::string>& config_lines, Tcp tcp)
    : folder_(MakeFolder()) {
  try {
    if (tcp == Tcp::kOn) port_.emplace();
    WriteConfig(config_lines);
    Start();
  } catch (...) {
    Kill();
    std::filesystem::remove_all(folder_);
    throw;
  }
}

ValkeyProcess::~ValkeyProcess() {
  Kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void ValkeyProcess::WriteConfig(const std::vector<std::string>& config_lines) const {
  std::ofstream config(folder_ / "valkey.conf");
  config << "bind 127.0.0.1\nport " << port() << "\nunixsocket " << socket_path() << "\ndir "
         << folder_.string() << "\nlogfile " << (folder_ / "log").string()
         << "\nsave \"\"\nappendonly no\ndatabases 1\n";
  for (const std::string& line : config_lines) config << line << '\n';
}

void ValkeyProcess::Start() {
  if (pid_ != 0) throw std::logic_error("the server runs already");
  const std::string binary = FindBinary();
  const std::string config = folder_ / "valkey.conf";
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {  // Only what is safe after fork() in a process with threads.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    execl(binary.c_str(), binary.c_str(), config.c_str(), nullptr);
    _exit(127);
  }
  pid_ = child;
  WaitUntilItAnswers();
}

void ValkeyProcess::WaitUntilItAnswers() {
  const auto deadline = steady_clock::now() + kStartMax;
  while (steady_clock::now() < deadline) {
    if (HasEnded()) Fail("the server ended while it started");
    try {
      if (RawClient(socket_path()).Execute({"PING"}) == "+PONG\r\n") return;
    } catch (const std::system_error&) {
      // Not listening yet.
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  Fail("the server does not answer");
}

bool ValkeyProcess::HasEnded() {
  if (waitpid(pid_, nullptr, WNOHANG) != pid_) return false;
  pid_ = 0;
  return true;
}

void ValkeyProcess::Kill() { End(SIGKILL); }

void ValkeyProcess::Stop() { End(SIGTERM); }

void ValkeyProcess::End(int signal) {
  if (pid_ == 0) return;
  kill(pid_, signal);
  kill(pid_, SIGCONT);  // A stopped process would not see SIGTERM.
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

void ValkeyProcess::Fail(const std::string& what) const {
  std::ostringstream message;
  message << what << "; " << (folder_ / "log").string() << " says:\n"
          << std::ifstream(folder_ / "log").rdbuf();
  throw std::runtime_error(message.str());
}

}  // namespace chaac
