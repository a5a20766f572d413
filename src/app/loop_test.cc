// The life of a Loop's thread. What a loop serves is tested end to end.
#include "app/loop.h"

#include <gtest/gtest.h>

#include <chrono>

namespace chaac {
namespace {

class LoopTest : public ::testing::Test {
 protected:
  LoopTest() {
    settings_.address.host = "127.0.0.1";
    settings_.conditions = &conditions_;
    settings_.link = &link_;
    settings_.board = &board_;
    settings_.readiness = &readiness_;
    settings_.listeners = &listeners_;
  }

  Conditions conditions_{Conditions::DefaultSlugs()};
  Resolver resolver_;
  Endpoint nowhere_{.kind = Endpoint::Kind::kUnix, .path = "/nonexistent/valkey.sock"};
  Link::Environment link_{.endpoint = nowhere_, .tls = nullptr, .resolver = &resolver_};
  SnapshotBoard board_;
  Readiness readiness_{&board_};
  ListenerCount listeners_{StreamLimits{}};
  LoopSettings settings_;
};

TEST_F(LoopTest, EndsWithoutHavingBeenStarted) { const Loop loop(0, &settings_); }

// As after another loop's thread could not be started: no Drain() will come.
TEST_F(LoopTest, EndsWithoutHavingBeenDrained) {
  Loop loop(0, &settings_);
  loop.Start();
}

TEST_F(LoopTest, EndsWhenItHasDrained) {
  Loop loop(0, &settings_);
  loop.Start();
  loop.Drain(std::chrono::steady_clock::now() + std::chrono::hours(1));
}

}  // namespace
}  // namespace chaac
