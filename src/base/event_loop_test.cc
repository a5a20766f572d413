// The loop over real descriptors: dispatch, dropped events, hooks, tasks of other threads, ticks.
#include "base/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace chaac {
namespace {

// Two connected sockets.
class SocketPair {
 public:
  SocketPair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds_.data()), 0); }
  ~SocketPair() {
    CloseNear();
    close(fds_[1]);
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;

  [[nodiscard]] int Near() const { return fds_[0]; }
  void CloseNear() { close(std::exchange(fds_[0], -1)); }
  void WriteFar() const { EXPECT_EQ(write(fds_[1], "x", 1), 1); }

 private:
  std::array<int, 2> fds_{};
};

class Callback final : public EventHandler {
 public:
  explicit Callback(std::function<void(std::uint32_t)> call) : call_(std::move(call)) {}
  void OnEvents(std::uint32_t epoll_events) override { call_(epoll_events); }

 private:
  std::function<void(std::uint32_t)> call_;
};

TEST(EventLoopTest, TellsTheHandlerOfAReadableDescriptorUntilItIsRead) {
  EventLoop loop;
  SocketPair pair;
  int calls = 0;
  Callback handler([&](std::uint32_t events) {
    EXPECT_TRUE(events & EPOLLIN);
    if (++calls == 3) loop.Remove(pair.Near());  // Nothing was read, so it is told again.
    if (calls == 3) loop.Stop();
  });
  loop.Add(pair.Near(), EPOLLIN, &handler);
  pair.WriteFar();
  loop.Run();
  EXPECT_EQ(calls, 3);
}

TEST(EventLoopTest, ModifyChangesWhatIsWatched) {
  EventLoop loop;
  SocketPair pair;
  std::uint32_t seen = 0;
  Callback handler([&](std::uint32_t events) {
    seen = events;
    loop.Stop();
  });
  loop.Add(pair.Near(), 0, &handler);
  loop.Post([&] { loop.Modify(pair.Near(), EPOLLOUT); });
  loop.Run();
  EXPECT_EQ(seen, EPOLLOUT);
}

TEST(EventLoopTest, DropsPendingEventsOfARemovedDescriptorEvenWhenItsNumberIsReused) {
  EventLoop loop;
  SocketPair first;
  SocketPair second;
  SocketPair third;
  int calls = 0;
  int calls_of_reused = 0;
  Callback reused([&](std::uint32_t) { ++calls_of_reused; });
  int reused_fd = -1;
  // Both are ready in one round; whoever is first removes the other and reuses its number.
  const auto replace = [&](const SocketPair& self, SocketPair& other) {
    ++calls;
    loop.Remove(self.Near());
    reused_fd = other.Near();
    loop.Remove(reused_fd);
    other.CloseNear();
    EXPECT_EQ(dup2(third.Near(), reused_fd), reused_fd);  // Not readable: no event of its own.
    loop.Add(reused_fd, EPOLLIN, &reused);
    loop.Stop();
  };
  Callback first_handler([&](std::uint32_t) { replace(first, second); });
  Callback second_handler([&](std::uint32_t) { replace(second, first); });
  loop.Add(first.Near(), EPOLLIN, &first_handler);
  loop.Add(second.Near(), EPOLLIN, &second_handler);
  first.WriteFar();
  second.WriteFar();
  loop.Run();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(calls_of_reused, 0);
  close(reused_fd);
}

TEST(EventLoopTest, ReportsADescriptorThatCannotBeWatched) {
  EventLoop loop;
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);  // epoll refuses it: EPERM.
  ASSERT_GE(file, 0);
  std::uint32_t seen = 0;
  Callback handler([&](std::uint32_t events) {
    seen = events;
    loop.Stop();
  });
  loop.Add(file, EPOLLIN, &handler);
  loop.Run();
  EXPECT_EQ(seen, EPOLLERR);
  loop.Remove(file);
  close(file);
}

TEST(EventLoopTest, RunsRoundEndHooksInOrderAfterTheHandlers) {
  EventLoop loop;
  std::string order;
  loop.AtRoundEnd([&] { order += 'a'; });
  loop.AtRoundEnd([&] { order += 'b'; });
  loop.Post([&] {
    order += 't';
    loop.Stop();
  });
  loop.Run();
  EXPECT_EQ(order.substr(0, 3), "tab");
}

TEST(EventLoopTest, RunsTasksPostedByOtherThreadsInTheirOrder) {
  EventLoop loop;
  constexpr int kTasks = 1000;
  std::vector<int> seen;
  std::thread poster([&] {
    for (int i = 0; i < kTasks; ++i) loop.Post([&seen, i] { seen.push_back(i); });
    loop.Stop();
  });
  loop.Run();
  poster.join();
  ASSERT_EQ(seen.size(), std::size_t{kTasks});
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(EventLoopTest, ATaskPostedByATaskRunsInALaterRound) {
  EventLoop loop;
  int rounds = 0;
  int round_of_second = 0;
  loop.AtRoundEnd([&] { ++rounds; });
  loop.Post([&] {
    loop.Post([&] {
      round_of_second = rounds;
      loop.Stop();
    });
  });
  loop.Run();
  EXPECT_GE(round_of_second, 1);
}

TEST(EventLoopTest, StopBeforeRunEndsTheFirstRound) {
  EventLoop loop;
  loop.Stop();
  loop.Stop();
  loop.Run();
}

TEST(EventLoopTest, TicksAreAtLeastAnIntervalApartAndTheClockOnlyMovesForward) {
  EventLoop loop;
  const MonotonicTime start = loop.Now();
  std::vector<MonotonicTime> ticks;
  loop.OnTick([&] {
    ticks.push_back(loop.Now());
    if (ticks.size() == 3) loop.Stop();
  });
  loop.Run();
  ASSERT_EQ(ticks.size(), 3U);
  EXPECT_GE(ticks[0] - start, EventLoop::kTickInterval);
  EXPECT_GE(ticks[1] - ticks[0], EventLoop::kTickInterval);
  EXPECT_GE(ticks[2] - ticks[1], EventLoop::kTickInterval);
  EXPECT_GT(loop.WallNow().time_since_epoch().count(), 0);
}

TEST(EventLoopTest, ARoundCanBeAskedForBetweenTicks) {
  EventLoop loop;
  int ticks = 0;
  int ticks_before = 0;
  bool came = false;
  loop.OnTick([&] {
    if (++ticks == 100) loop.Stop();  // In vain.
  });
  loop.AtRoundEnd([&] {
    came = came || (ticks > 0 && ticks == ticks_before);
    if (came) loop.Stop();
    ticks_before = ticks;
    loop.WakeBy(loop.Now() + std::chrono::microseconds(100));
  });
  loop.Run();
  EXPECT_TRUE(came);
  EXPECT_LT(ticks, 100);
}

TEST(EventLoopTest, AWakeIsGoodForOneRound) {
  EventLoop loop;
  int rounds = 0;
  int ticks = 0;
  loop.WakeBy(loop.Now());
  loop.AtRoundEnd([&] { ++rounds; });
  loop.OnTick([&] {
    if (++ticks == 4) loop.Stop();
  });
  loop.Run();
  EXPECT_LE(rounds, 12);
}

TEST(EventLoopTest, AnIdleLoopDoesNotSpin) {
  EventLoop loop;
  int rounds = 0;
  int ticks = 0;
  loop.AtRoundEnd([&] { ++rounds; });
  loop.OnTick([&] {
    if (++ticks == 4) loop.Stop();
  });
  loop.Run();
  // One round a tick, the one that was stopped in, and a few that rounding or signals may add.
  EXPECT_LE(rounds, 12);
}

}  // namespace
}  // namespace chaac
