// A link and addresses that do not answer. Links to a real Valkey are tested in tests/integration.
#include "store/link.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>

namespace chaac {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

// An address at which connecting is never answered, as at that of a node that is gone: its queue of
// connections is full, so the kernel drops what asks for another.
class SilentAddress {
 public:
  SilentAddress() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    listening_ = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(bind(listening_, generic, length), 0);
    EXPECT_EQ(listen(listening_, 0), 0);
    EXPECT_EQ(getsockname(listening_, generic, &length), 0);
    port_ = ntohs(address.sin_port);
    for (int& client : clients_) {
      client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      EXPECT_TRUE(connect(client, generic, length) == 0 || errno == EINPROGRESS);
    }
  }
  ~SilentAddress() {
    close(listening_);
    for (const int client : clients_) close(client);
  }
  SilentAddress(const SilentAddress&) = delete;
  SilentAddress& operator=(const SilentAddress&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int listening_ = -1;
  std::array<int, 4> clients_{};  // More than the queue takes.
  std::uint16_t port_ = 0;
};

class NoListener final : public LinkListener {
 public:
  void OnLinkUp() override { ADD_FAILURE() << "nobody answers there"; }
  void OnLinkDown() override {}
  void OnLinkReply(const redisReply& /*reply*/) override {}
};

TEST(LinkTest, AnAddressThatDoesNotAnswerIsGivenUpLongBeforeAHandshakeWouldBe) {
  const SilentAddress address;
  Resolver resolver;
  const Link::Environment environment{
      .endpoint = {.host = "127.0.0.1", .port = address.port()},
      .resolver = &resolver,
      .limits = {.establish_timeout = std::chrono::hours(1), .connect_timeout = milliseconds(60)}};
  EventLoop loop;
  NoListener listener;
  LinkMetrics metrics;
  Link link(&loop, &environment, "test", &listener, &metrics);
  const MonotonicTime give_up_at = loop.Now() + seconds(60);
  loop.OnTick([&] {
    link.OnTick();
    if (metrics.failures.Value() >= 2 || loop.Now() > give_up_at) loop.Stop();
  });
  loop.Run();
  EXPECT_EQ(metrics.failures.Value(), 2U);
  const LinkStatus::Value status = metrics.status.Get();
  EXPECT_EQ(status.error, "the address does not answer");
  EXPECT_THAT(status.address, HasSubstr(std::to_string(address.port())));
}

}  // namespace
}  // namespace chaac
