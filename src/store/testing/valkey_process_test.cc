// Starting, killing and starting again on the same data.
#include "store/testing/valkey_process.h"

#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>
#include <string>
#include <system_error>

#include "store/testing/raw_client.h"

namespace chaac {
namespace {

TEST(ValkeyProcessTest, KeepsItsDataOverAKillAndAStop) {
  ValkeyProcess valkey({"appendonly yes", "appendfsync always"});
  EXPECT_EQ(RawClient(valkey.socket_path()).Execute({"INCR", "n"}), ":1\r\n");
  valkey.Kill();
  EXPECT_EQ(valkey.pid(), 0);
  EXPECT_THROW(RawClient{valkey.socket_path()}, std::system_error);
  valkey.Start();
  EXPECT_EQ(RawClient(valkey.socket_path()).Execute({"INCR", "n"}), ":2\r\n");
  valkey.Stop();
  valkey.Start();
  EXPECT_EQ(RawClient(valkey.socket_path()).Execute({"INCR", "n"}), ":3\r\n");
}

TEST(ValkeyProcessTest, ListensOnAPortOnlyWhenAsked) {
  const ValkeyProcess without;
  EXPECT_EQ(without.port(), 0);
  const ValkeyProcess with({}, ValkeyProcess::Tcp::kOn);
  EXPECT_EQ(RawClient(with.socket_path()).Execute({"CONFIG", "GET", "port"}),
            "*2\r\n$4\r\nport\r\n$" + std::to_string(std::to_string(with.port()).size()) + "\r\n" +
                std::to_string(with.port()) + "\r\n");
}

TEST(ValkeyProcessTest, LeavesNothingBehind) {
  std::filesystem::path folder;
  pid_t pid = 0;
  {
    const ValkeyProcess valkey;
    folder = valkey.folder();
    pid = valkey.pid();
    EXPECT_EQ(kill(pid, 0), 0);
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_NE(kill(pid, 0), 0);
}

TEST(ValkeyProcessTest, TellsWhyItDoesNotStart) {
  EXPECT_THROW(ValkeyProcess({"no-such-setting yes"}), std::runtime_error);
}

}  // namespace
}  // namespace chaac
