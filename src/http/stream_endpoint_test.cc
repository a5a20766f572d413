// The stream over a real server: who gets which event, and when there are too many.
#include "http/stream_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/testing/test_server.h"
#include "query/stream_events.h"

namespace chaac {
namespace {

using std::chrono::milliseconds;
using testing::Answer;
using testing::Client;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kGet = "GET /api/stream HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 7\r\n\r\n";
constexpr std::string_view kUnread = "{\"since\":5,\"detail\":\"the store cannot be read";

// A server with the endpoint. The clock is real; snapshots are as old as they are made.
class Stage {
 public:
  explicit Stage(const StreamLimits& limits = {}, const HttpLimits& http_limits = {})
      : count(limits),
        server([this](testing::TestServer&, const Request& request,
                      RequestToken token) { endpoint_->OnGet(request, token); },
               http_limits,
               [this](EventLoop* loop) {
                 responder_.emplace(loop, &routes);
                 endpoint_.emplace(loop, &board, &count, &*responder_, &metrics);
                 loop->OnTick([this] { endpoint_->OnTick(); });
                 loop->AtRoundEnd([this] { endpoint_->AtRoundEnd(); });
               }) {
    server.OnLoop([this] { responder_->Attach(&server.http()); });
  }

  std::weak_ptr<const Snapshot> Publish(std::uint64_t number, std::size_t size = 300,
                                        milliseconds age = {}) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->number = number;
    snapshot->taken_at = WallTime{milliseconds(5'000)};
    snapshot->taken_at_monotonic = EventLoop::ReadClock() - age;
    snapshot->event = SnapshotEvent(number, std::string(size, 'x'));
    const std::weak_ptr<const Snapshot> weak = snapshot;
    board.Publish(std::move(snapshot));
    return weak;
  }

  // A listener that has read what comes first.
  std::unique_ptr<Client> Listen(int receive_bytes = 0) {
    auto client = std::make_unique<Client>(server.port(), receive_bytes);
    EXPECT_TRUE(client->Send(kGet));
    EXPECT_EQ(client->Read().status, 200);
    EXPECT_EQ(client->ReadChunk(), kRetryField);
    return client;
  }

  void AwaitListeners(std::int64_t number) {
    server.Await([&] { return metrics.listeners.Value() == number; });
  }

  SnapshotBoard board;
  ListenerCount count;
  RouteMetrics routes;
  StreamMetrics metrics;

 private:
  std::optional<Responder> responder_;
  std::optional<StreamEndpoint> endpoint_;

 public:
  testing::TestServer server;
};

// 0 when the next event is no snapshot.
std::uint64_t NextNumber(Client* client) {
  const std::string event = client->ReadChunk();
  std::uint64_t number = 0;
  if (event.starts_with("id: ")) std::from_chars(event.data() + 4, event.data() + 20, number);
  return number;
}

TEST(StreamEndpointTest, TheNewestComesAtOnceAndEachOnceAfterwards) {
  Stage stage;
  stage.Publish(4);
  stage.Publish(5);
  const auto first = stage.Listen();
  EXPECT_EQ(NextNumber(first.get()), 5U);
  stage.Publish(6);
  EXPECT_EQ(NextNumber(first.get()), 6U);
  const auto second = stage.Listen();
  EXPECT_EQ(NextNumber(second.get()), 6U);
  stage.Publish(9);
  EXPECT_EQ(NextNumber(first.get()), 9U);
  EXPECT_EQ(NextNumber(second.get()), 9U);
  EXPECT_EQ(stage.metrics.listeners.Value(), 2);
  EXPECT_EQ(stage.metrics.events.Value(), 5U);
}

TEST(StreamEndpointTest, TheHeadersForbidKeepingAndHoldingBack) {
  Stage stage;
  Client client(stage.server);
  ASSERT_TRUE(client.Send(kGet));
  const std::string head = client.Read().head;
  EXPECT_THAT(head, HasSubstr("\r\nContent-Type: text/event-stream\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nCache-Control: no-store\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nX-Accel-Buffering: no\r\n"));
}

TEST(StreamEndpointTest, ManyListenersAreServedOverSeveralRounds) {
  constexpr std::size_t kListeners = 3 * StreamEndpoint::kListenersPerRound + 5;
  Stage stage;
  stage.Publish(1);
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < kListeners; ++i) clients.push_back(stage.Listen());
  for (std::uint64_t number = 1; number <= 4; ++number) {
    for (const auto& client : clients) ASSERT_EQ(NextNumber(client.get()), number);
    if (number == 2) {  // Some leave between events.
      for (int i = 0; i < 100; ++i) clients.erase(clients.begin() + i % 7);
    }
    stage.Publish(number + 1);
  }
}

TEST(StreamEndpointTest, AStoreThatWasNeverReadIsSaidAtOnceAndAgain) {
  Stage stage;
  const auto client = stage.Listen();
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(client->ReadChunk(), StartsWith("event: stale\ndata: {\"since\":"));
  }
}

TEST(StreamEndpointTest, OldFiguresAreStaleUntilThereAreNewOnes) {
  Stage stage;
  stage.Publish(3, 300, StreamEndpoint::kStaleAfter + milliseconds(1));
  const auto client = stage.Listen();
  for (int i = 0; i < 2; ++i) EXPECT_THAT(client->ReadChunk(), HasSubstr(kUnread));
  const auto second = stage.Listen();
  EXPECT_THAT(second->ReadChunk(), HasSubstr(kUnread));
  stage.Publish(4);
  for (const auto& listener : {client.get(), second.get()}) {
    std::uint64_t number = 0;
    while (number == 0) number = NextNumber(listener);  // One that is stale may come between.
    EXPECT_EQ(number, 4U);
  }
  stage.Publish(5, 300, StreamEndpoint::kStaleAfter + milliseconds(1));
  EXPECT_THAT(client->ReadChunk(), HasSubstr(kUnread));
}

TEST(StreamEndpointTest, OneTooManyIsRefusedUntilAnotherLeaves) {
  Stage stage({.listeners_max = 2});
  stage.Publish(1);
  auto first = stage.Listen();
  const auto second = stage.Listen();
  Client third(stage.server);
  ASSERT_TRUE(third.Send(kGet));
  const Answer refusal = third.Read();
  EXPECT_EQ(refusal.status, 503);
  EXPECT_THAT(refusal.head, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_THAT(refusal.body, HasSubstr("urn:chaac:problem:listener-limit"));
  EXPECT_THAT(refusal.body, HasSubstr("2 listen already"));
  first.reset();
  stage.AwaitListeners(1);
  ASSERT_TRUE(third.Send(kGet));
  EXPECT_EQ(third.Read().status, 200);
  stage.AwaitListeners(2);
}

TEST(StreamEndpointTest, HeadTakesNoPlace) {
  Stage stage({.listeners_max = 1});
  Client client(stage.server);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.Send("HEAD /api/stream HTTP/1.1\r\nHost: a\r\n\r\n"));
    const Answer answer = client.Read(Client::To::kHead);
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.head, HasSubstr("text/event-stream"));
  }
  EXPECT_EQ(stage.metrics.listeners.Value(), 0);
}

TEST(StreamEndpointTest, WhoIsBehindGetsTheNewestAndMissesSome) {
  constexpr std::uint64_t kEvents = 30;
  Stage stage;
  stage.Publish(1);
  const auto slow = stage.Listen(4096);
  const auto fast = stage.Listen();
  for (std::uint64_t number = 1; number <= kEvents; ++number) {
    ASSERT_EQ(NextNumber(fast.get()), number);
    if (number < kEvents) stage.Publish(number + 1, 1'000'000);
  }
  std::vector<std::uint64_t> numbers = {NextNumber(slow.get())};
  while (numbers.back() < kEvents) {
    numbers.push_back(NextNumber(slow.get()));
    ASSERT_GT(numbers.back(), numbers[numbers.size() - 2]);
  }
  EXPECT_LT(numbers.size(), kEvents);
  EXPECT_EQ(stage.metrics.dropped.Value(), 0U);
}

TEST(StreamEndpointTest, WhoDoesNotReadIsDroppedAndCounted) {
  Stage stage({.listeners_max = 2}, {.send_timeout = milliseconds{200}});
  stage.Publish(1);
  const auto slow = stage.Listen(4096);
  std::uint64_t number = 1;
  stage.server.Await([&] {
    stage.Publish(++number, 100'000);
    return stage.metrics.dropped.Value() == 1;
  });
  EXPECT_EQ(stage.metrics.listeners.Value(), 0);
}

TEST(StreamEndpointTest, NothingIsKeptForNobody) {
  Stage stage;
  const auto first = stage.Publish(1);
  auto client = stage.Listen();
  EXPECT_EQ(NextNumber(client.get()), 1U);
  const auto second = stage.Publish(2);
  EXPECT_EQ(NextNumber(client.get()), 2U);
  EXPECT_TRUE(first.expired());
  client.reset();
  stage.AwaitListeners(0);
  stage.Publish(3);
  EXPECT_TRUE(second.expired());
  client = stage.Listen();
  EXPECT_EQ(NextNumber(client.get()), 3U);
}

TEST(StreamEndpointTest, DrainingSendsListenersAway) {
  Stage stage;
  stage.Publish(1);
  const auto client = stage.Listen();
  EXPECT_EQ(NextNumber(client.get()), 1U);
  stage.server.OnLoop([&] { stage.server.http().Drain(); });
  EXPECT_EQ(client->ReadChunk(), "");
  EXPECT_TRUE(client->ReadEnd());
  EXPECT_EQ(stage.metrics.listeners.Value(), 0);
  EXPECT_EQ(stage.metrics.dropped.Value(), 0U);
}

}  // namespace
}  // namespace chaac
