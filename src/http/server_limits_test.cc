// What HttpServer does at its limits: slow clients, full pipelines, no descriptors. No test
// measures time: timeouts are short, and a wait ends when what is waited for happens.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "http/connection.h"
#include "http/testing/test_server.h"

namespace chaac {
namespace {

using std::chrono::milliseconds;
using testing::Answer;
using testing::Client;
using testing::Echo;
using ::testing::HasSubstr;
using testing::Settled;
using testing::TestServer;

std::string Get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"; }

std::string Repeat(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(HttpServerLimitsTest, ARequestThatDoesNotArriveInTimeIs408) {
  TestServer server(Echo, {.receive_timeout = milliseconds{100}});
  for (const std::string& part :
       {std::string("P"), std::string("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"),
        std::string("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na")}) {
    Client client(server);
    ASSERT_TRUE(client.Send(Get("/whole") + part));
    EXPECT_EQ(client.Read().body, "/whole:");
    const Answer answer = client.Read();
    EXPECT_EQ(answer.status, 408);
    EXPECT_THAT(answer.body, HasSubstr("100 ms"));
    EXPECT_TRUE(client.ReadEnd());
  }
  EXPECT_EQ(server.metrics().timeouts.Value(), 3U);
  EXPECT_EQ(server.Refused(ErrorCode::kRequestTimeout), 3U);
}

TEST(HttpServerLimitsTest, ATrickleOfBytesDoesNotProlongIt) {
  TestServer server(Echo, {.receive_timeout = milliseconds{200}});
  Client client(server);
  ASSERT_TRUE(client.Send("GET / HTTP/1.1\r\nX: "));
  while (!client.Readable(milliseconds{5})) ASSERT_TRUE(client.Send("x"));
  EXPECT_EQ(client.Read().status, 408);
}

TEST(HttpServerLimitsTest, AnIdleConnectionIsClosedWithoutAWord) {
  TestServer server(Echo, {.idle_timeout = milliseconds{100}});
  Client fresh(server);
  Client used(server);
  ASSERT_TRUE(used.Send(Get("/")));
  EXPECT_EQ(used.Read().status, 200);
  EXPECT_TRUE(fresh.ReadEnd());
  EXPECT_TRUE(used.ReadEnd());
  EXPECT_EQ(server.metrics().timeouts.Value(), 0U);
}

TEST(HttpServerLimitsTest, AConnectionThatWaitsForItsAnswerIsNotIdle) {
  std::vector<RequestToken> tokens;
  TestServer server(
      [&](TestServer&, const Request&, RequestToken token) { tokens.push_back(token); },
      {.idle_timeout = milliseconds{100}});
  Client waiting(server);
  ASSERT_TRUE(waiting.Send(Get("/")));
  server.Await([&] { return tokens.size() == 1; });
  Client idle(server);
  EXPECT_TRUE(idle.ReadEnd());  // The timeout has passed since.
  server.Await([&] { return server.metrics().connections_open.Value() == 1; });
  server.OnLoop([&] { server.http().Respond(tokens[0], {.body = "late"}); });
  EXPECT_EQ(waiting.Read().body, "late");
}

TEST(HttpServerLimitsTest, AClientThatNeverReadsIsCutOff) {
  const std::string large(256 * 1024, 'x');
  TestServer server([&](TestServer& self, const Request&,
                        RequestToken token) { self.http().Respond(token, {.body = large}); },
                    {.send_timeout = milliseconds{100}});
  Client client(server);
  client.Send(Repeat(Get("/"), 1000));  // 256 MB of answers: no socket buffer holds them.
  server.Await([&] { return server.metrics().connections_open.Value() == 0; });
  EXPECT_EQ(server.metrics().timeouts.Value(), 1U);
}

// Reads like Client::Read(), but never fast; true when it got everything.
bool ReadSlowly(const Client& client, std::size_t bytes_expected) {
  std::vector<char> bytes(32 * 1024);
  std::size_t got = 0;
  while (got < bytes_expected) {
    std::this_thread::sleep_for(milliseconds{2});
    const ssize_t received = recv(client.fd(), bytes.data(), bytes.size(), 0);
    if (received <= 0) return false;
    got += static_cast<std::size_t>(received);
  }
  return true;
}

TEST(HttpServerLimitsTest, ATrickleOfReadingDoesNotHoldAnAnswerForEver) {
  const std::string huge(256 * 1024 * 1024, 'x');  // 16 s of slow reading at least.
  TestServer server([&](TestServer& self, const Request&,
                        RequestToken token) { self.http().Respond(token, {.body = huge}); },
                    {.send_timeout = milliseconds{500}});
  Client client(server);
  ASSERT_TRUE(client.Send(Get("/")));
  EXPECT_FALSE(ReadSlowly(client, huge.size()));
  EXPECT_EQ(server.metrics().timeouts.Value(), 1U);
}

TEST(HttpServerLimitsTest, WhoReadsOnAndOnIsNotCutOff) {
  constexpr std::size_t kRequests = 800;
  const std::string large(64 * 1024, 'x');
  TestServer server([&](TestServer& self, const Request&,
                        RequestToken token) { self.http().Respond(token, {.body = large}); },
                    {.send_timeout = milliseconds{300}});
  Client client(server);
  ASSERT_TRUE(client.Send(Repeat(Get("/"), kRequests)));
  EXPECT_TRUE(ReadSlowly(client, kRequests * large.size()));  // 3.2 s, in which output waits.
  EXPECT_EQ(server.metrics().timeouts.Value(), 0U);
}

TEST(HttpServerLimitsTest, UnsentAnswersStopTheReadingUntilTheClientReads) {
  constexpr std::size_t kRequests = 1000;
  const std::string large(64 * 1024, 'x');
  std::size_t handled = 0;
  TestServer server(
      [&](TestServer& self, const Request&, RequestToken token) {
        ++handled;
        self.http().Respond(token, {.body = large});
      },
      {.output_bytes_max = 128 * 1024});
  Client client(server);
  ASSERT_TRUE(client.Send(Repeat(Get("/"), kRequests)));
  EXPECT_LT(Settled(server, handled), kRequests) << "the kernel holds some of 64 MB, not all";
  for (std::size_t i = 0; i < kRequests; ++i) ASSERT_EQ(client.Read().body.size(), large.size());
}

TEST(HttpServerLimitsTest, AFewUnsentAnswersAreEnoughToStop) {
  // 10,000 connections that never read must not hold gigabytes.
  EXPECT_LE(HttpLimits().output_bytes_max * HttpLimits().connections_max, 640U * 1024 * 1024);
}

TEST(HttpServerLimitsTest, AnswersThatWaitForAnOlderOneCountAsUnsent) {
  const std::string large(10'000, 'x');
  std::vector<RequestToken> tokens;
  TestServer server(
      [&](TestServer& self, const Request&, RequestToken token) {
        tokens.push_back(token);
        if (tokens.size() > 1) self.http().Respond(token, {.body = large});
      },
      {.output_bytes_max = 50'000});
  Client client(server);
  ASSERT_TRUE(client.Send(Repeat(Get("/"), 100)));
  server.Await([&] { return tokens.size() == 6; });  // The first, and five that fill the limit.
  EXPECT_EQ(tokens.size(), 6U);
  server.OnLoop([&] { server.http().Respond(tokens[0], {.body = "first"}); });
  EXPECT_EQ(client.Read().body, "first");
  for (int i = 1; i < 100; ++i) ASSERT_EQ(client.Read().body, large);
}

TEST(HttpServerLimitsTest, UnansweredRequestsStopTheReading) {
  constexpr std::size_t kRequests = 1000;
  std::vector<RequestToken> tokens;
  std::size_t answered = 0;
  TestServer server(
      [&](TestServer&, const Request&, RequestToken token) { tokens.push_back(token); },
      {.pipeline_max = 10});
  Client client(server);
  ASSERT_TRUE(client.Send(Repeat(Get("/"), kRequests)));
  while (answered < kRequests) {
    server.Await([&] { return tokens.size() - answered == 10; });
    server.OnLoop([&] {
      EXPECT_LE(tokens.size() - answered, 10U);
      for (int i = 0; i < 10; ++i) {
        server.http().Respond(tokens[answered], {.body = std::to_string(answered)});
        ++answered;
      }
    });
  }
  for (std::size_t i = 0; i < kRequests; ++i) ASSERT_EQ(client.Read().body, std::to_string(i));
}

TEST(HttpServerLimitsTest, APipelineOfOneServesAll) {
  TestServer server(Echo, {.pipeline_max = 1, .output_bytes_max = 1});
  Client client(server);
  ASSERT_TRUE(client.Send(Repeat(Get("/"), 50)));
  for (int i = 0; i < 50; ++i) ASSERT_EQ(client.Read().status, 200);
}

TEST(HttpServerLimitsTest, ADeepPipelineDoesNotStarveOthers) {
  TestServer server(Echo);
  Client greedy(server);
  Client modest(server);
  std::thread writer([&] { greedy.Send(Repeat(Get("/greedy"), 20'000)); });
  std::thread reader([&] {
    for (int i = 0; i < 20'000; ++i) ASSERT_EQ(greedy.Read().status, 200);
  });
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(modest.Send(Get("/modest")));
    ASSERT_EQ(modest.Read().status, 200);
  }
  writer.join();
  reader.join();
}

TEST(HttpServerLimitsTest, LargeRequestsShareTheirMemory) {
  constexpr std::size_t kBytes = 1'000'000;
  TestServer server(
      [](TestServer& self, const Request& request, RequestToken token) {
        self.http().Respond(token, {.body = std::to_string(request.body.size())});
      },
      {.body_bytes_max = kBytes, .buffered_bytes_max = 2'500'000});
  const std::string request =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kBytes) + "\r\n\r\n" +
      std::string(kBytes, 'x');
  const std::string begin = request.substr(0, request.size() - 9);
  const auto send_begin = [&](Client& client) {
    const std::uint64_t before = server.metrics().bytes_received.Value();
    EXPECT_TRUE(client.Send(begin));
    server.Await([&] { return server.metrics().bytes_received.Value() == before + begin.size(); });
  };
  Client first(server);
  std::optional<Client> second(std::in_place, server);
  send_begin(first);
  send_begin(*second);  // Each holds about a megabyte.

  for (int i = 0; i < 2; ++i) {  // Twice: what is refused holds nothing.
    Client third(server);
    ASSERT_TRUE(third.Send(begin));
    const Answer answer = third.Read();
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(answer.head, HasSubstr("Retry-After: 1\r\nConnection: close\r\n"));
    EXPECT_THAT(answer.body, HasSubstr("urn:chaac:problem:server-busy"));
    EXPECT_TRUE(third.ReadEnd());
  }
  EXPECT_EQ(server.Refused(ErrorCode::kServerBusy), 2U);
  Client small(server);
  ASSERT_TRUE(small.Send(Get("/")));
  EXPECT_EQ(small.Read().body, "0") << "small requests need none of that memory";

  second.reset();
  server.Await([&] { return server.metrics().connections_open.Value() <= 3; });
  for (int i = 0; i < 3; ++i) {  // One after another: what was answered holds nothing.
    Client next(server);
    ASSERT_TRUE(next.Send(request));
    EXPECT_EQ(next.Read().body, std::to_string(kBytes));
  }
  ASSERT_TRUE(first.Send(request.substr(begin.size())));
  EXPECT_EQ(first.Read().body, std::to_string(kBytes));
}

TEST(HttpServerLimitsTest, MoreThanConnectionsMaxAreClosed) {
  TestServer server(Echo, {.connections_max = 2});
  Client first(server);
  std::optional<Client> second(std::in_place, server);
  Client third(server);
  EXPECT_EQ(third.Read().status, 0);
  EXPECT_EQ(server.metrics().connections_refused.Value(), 1U);
  second.reset();
  server.Await([&] { return server.metrics().connections_open.Value() == 1; });
  Client fourth(server);
  ASSERT_TRUE(fourth.Send(Get("/")));
  EXPECT_EQ(fourth.Read().status, 200);
}

// Takes all descriptors of the process.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{.rlim_cur = 200, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    for (int fd = 0; (fd = dup(STDERR_FILENO)) >= 0;) taken_.push_back(fd);
  }
  ~NoDescriptors() {
    for (const int fd : taken_) close(fd);
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

  void GiveBackOne() {
    close(taken_.back());
    taken_.pop_back();
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST(HttpServerLimitsTest, WithoutDescriptorsNewConnectionsAreShedAndOldOnesServed) {
  TestServer server(Echo);
  Client old(server);
  ASSERT_TRUE(old.Send(Get("/old")));
  ASSERT_EQ(old.Read().status, 200);
  server.OnLoop([] {});  // UBSan needs a descriptor when it meets a class of OnLoop()'s first.
  {
    NoDescriptors none;
    none.GiveBackOne();  // For the client's own end; its server's end finds none.
    for (int i = 0; i < 3; ++i) {
      const Client shed(server);
      while (server.metrics().connections_refused.Value() == static_cast<std::uint64_t>(i)) {
        server.OnLoop([] {});
      }
    }
    ASSERT_TRUE(old.Send(Get("/old")));
    EXPECT_EQ(old.Read().body, "/old:");
  }
  EXPECT_EQ(server.metrics().connections_refused.Value(), 3U);
  Client next(server);
  ASSERT_TRUE(next.Send(Get("/next")));
  EXPECT_EQ(next.Read().body, "/next:");
}

TEST(HttpServerLimitsTest, AnIdleConnectionIsSmall) {
  // With the kernel's part aside, 10,000 of them stay far below the 64 MiB of the design.
  EXPECT_LE(sizeof(Connection), 1024U);
}

}  // namespace
}  // namespace chaac
