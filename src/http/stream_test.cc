// Streamed answers over real sockets: framing, backpressure, order, and every way they end.
#include "http/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/testing/test_server.h"

namespace chaac {
namespace {

using std::chrono::milliseconds;
using testing::Answer;
using testing::Client;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::TestServer;

std::string Get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"; }

std::shared_ptr<const StreamChunk> Chunk(std::string bytes) {
  return std::make_shared<const StreamChunk>(std::move(bytes));
}

// Remembers what it is told; `on_room` may do something about it.
struct Source final : StreamSource {
  void OnStreamRoom(RequestToken token) override {
    ++rooms;
    if (on_room) on_room(token);
  }
  void OnStreamGone(RequestToken token, StreamLoss why) override {
    gone.push_back(why);
    if (on_gone) on_gone(token);
  }

  std::function<void(RequestToken)> on_room;
  std::function<void(RequestToken)> on_gone;
  std::size_t rooms = 0;
  std::vector<StreamLoss> gone;
};

// GET /endless and /finite begin streams of `source`; any other path is answered with itself.
struct Stage {
  explicit Stage(const HttpLimits& limits = {})
      : server([this](TestServer& self, const Request& request,
                      RequestToken token) { OnRequest(self, request, token); },
               limits) {}

  void OnRequest(TestServer& self, const Request& request, RequestToken token) {
    if (request.path != "/endless" && request.path != "/finite") {
      return self.http().Respond(token, {.content_type = "text/plain", .body = request.path});
    }
    const auto kind = request.path == "/finite" ? StreamKind::kFinite : StreamKind::kEndless;
    starts.push_back(self.http().BeginStream(
        token, {.content_type = "text/x", .body = first, .extra_headers = "X: y\r\n"}, kind,
        &source));
    tokens.push_back(token);
  }

  // Waits until that many streams were begun.
  void AwaitStreams(std::size_t count) {
    server.Await([&] { return tokens.size() == count; });
  }
  StreamWrite Write(RequestToken token, const std::string& bytes) {
    StreamWrite outcome{};
    server.OnLoop([&] { outcome = server.http().WriteStream(token, Chunk(bytes)); });
    return outcome;
  }

  std::string first = "first";
  Source source;
  std::vector<RequestToken> tokens;
  std::vector<StreamStart> starts;
  TestServer server;  // Stopped before the rest goes.
};

TEST(HttpServerStreamTest, SendsChunksAsTheyAreWrittenAndKeepsTheConnection) {
  Stage stage;
  Client client(stage.server);
  for (const std::string path : {"/endless", "/finite"}) {
    ASSERT_TRUE(client.Send(Get(path)));
    const Answer answer = client.Read();
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.head, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
    EXPECT_THAT(answer.head, HasSubstr("\r\nContent-Type: text/x\r\n"));
    EXPECT_THAT(answer.head, HasSubstr("\r\nX: y\r\n"));
    EXPECT_THAT(answer.head, Not(HasSubstr("Content-Length")));
    EXPECT_THAT(answer.head, Not(HasSubstr("Connection")));
    EXPECT_EQ(client.ReadChunk(), "first");
    const RequestToken token = stage.tokens.back();
    for (const std::string bytes : {"a", "0123456789abcdef"}) {
      EXPECT_EQ(stage.Write(token, bytes), StreamWrite::kTaken);
      EXPECT_EQ(client.ReadChunk(), bytes);
    }
    stage.server.OnLoop([&] { stage.server.http().EndStream(token); });
    EXPECT_EQ(client.ReadChunk(), "");
    EXPECT_EQ(stage.Write(token, "late"), StreamWrite::kGone);
  }
  ASSERT_TRUE(client.Send(Get("/next")));
  EXPECT_EQ(client.Read().body, "/next");
  EXPECT_THAT(stage.source.gone, IsEmpty());
}

TEST(HttpServerStreamTest, AsksForAChunkAtFirstAndAfterEachThatWasSent) {
  Stage stage;
  stage.first.clear();
  std::size_t given = 0;
  stage.source.on_room = [&](RequestToken token) {
    HttpServer& http = stage.server.http();
    if (given == 3) return http.EndStream(token);
    EXPECT_EQ(http.WriteStream(token, Chunk(std::to_string(given++))), StreamWrite::kTaken);
    EXPECT_EQ(http.WriteStream(token, Chunk("too much")), StreamWrite::kNoRoom);
  };
  Client client(stage.server);
  ASSERT_TRUE(client.Send(Get("/finite") + Get("/next")));
  client.Read();
  for (const std::string bytes : {"0", "1", "2", ""}) EXPECT_EQ(client.ReadChunk(), bytes);
  EXPECT_EQ(client.Read().body, "/next");
  EXPECT_EQ(stage.source.rooms, 4U);
}

TEST(HttpServerStreamTest, TheEndMayComeWithTheLastChunk) {
  Stage stage;
  stage.source.on_room = [&](RequestToken token) {
    stage.server.http().WriteStream(token, Chunk("last"));
    stage.server.http().EndStream(token);
  };
  Client client(stage.server);
  ASSERT_TRUE(client.Send(Get("/finite")));
  client.Read();
  for (const std::string bytes : {"first", "last", ""}) EXPECT_EQ(client.ReadChunk(), bytes);
  ASSERT_TRUE(client.Send(Get("/next")));
  EXPECT_EQ(client.Read().body, "/next");
  EXPECT_EQ(stage.source.rooms, 1U);
}

TEST(HttpServerStreamTest, Http10GetsPlainBytesUpToTheEndOfTheConnection) {
  Stage stage;
  Client client(stage.server);
  const std::string keep = "Connection: keep-alive\r\n\r\n";
  // All are read before the stream begins, or after, and must not get into its body.
  ASSERT_TRUE(client.Send("GET /finite HTTP/1.0\r\n" + keep + "GET /2 HTTP/1.0\r\n" + keep));
  stage.AwaitStreams(1);
  EXPECT_EQ(stage.Write(stage.tokens[0], "second"), StreamWrite::kTaken);
  stage.server.OnLoop([&] { stage.server.http().EndStream(stage.tokens[0]); });
  const Answer answer = client.Read();
  EXPECT_THAT(answer.head, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_THAT(answer.head, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(client.ReadRest(), "firstsecond");
}

TEST(HttpServerStreamTest, NothingIsAnsweredBehindAStreamOfHttp10) {
  std::vector<RequestToken> tokens;
  TestServer server(
      [&](TestServer&, const Request&, RequestToken token) { tokens.push_back(token); });
  Source source;
  Client client(server);
  std::string all;
  for (int i = 0; i < 4; ++i) all += "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  ASSERT_TRUE(client.Send(all));
  server.Await([&] { return tokens.size() == 4; });
  server.OnLoop([&] {
    HttpServer& http = server.http();
    http.Respond(tokens[3], {.body = "ready before"});
    EXPECT_EQ(http.BeginStream(tokens[2], {}, StreamKind::kFinite, &source), StreamStart::kOpen);
    EXPECT_EQ(http.BeginStream(tokens[1], {.body = "stream"}, StreamKind::kFinite, &source),
              StreamStart::kOpen);
    http.Respond(tokens[2], {.body = "behind"});
    EXPECT_EQ(http.WriteStream(tokens[2], Chunk("behind")), StreamWrite::kGone);
    http.Respond(tokens[0], {.body = "before"});
  });
  EXPECT_EQ(client.Read().body, "before");
  client.Read();
  server.OnLoop([&] { server.http().EndStream(tokens[1]); });
  EXPECT_EQ(client.ReadRest(), "stream");
  EXPECT_THAT(source.gone, ElementsAre(StreamLoss::kClientGone));
}

TEST(HttpServerStreamTest, HeadGetsTheHeadAlone) {
  Stage stage;
  Client client(stage.server);
  ASSERT_TRUE(client.Send("HEAD /endless HTTP/1.1\r\nHost: a\r\n\r\n" + Get("/next")));
  EXPECT_THAT(client.Read(Client::To::kHead).head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(client.Read().body, "/next");
  EXPECT_THAT(stage.starts, ElementsAre(StreamStart::kOver));
  EXPECT_EQ(stage.source.rooms, 0U);
}

TEST(HttpServerStreamTest, StreamsKeepTheirPlaceAmongPipelinedRequests) {
  std::vector<RequestToken> tokens;
  TestServer server(
      [&](TestServer&, const Request&, RequestToken token) { tokens.push_back(token); });
  Source source;
  source.on_room = [&](RequestToken token) {
    const std::string name = std::to_string(token.sequence);
    server.http().WriteStream(token, Chunk("body of " + name));
    server.http().EndStream(token);
  };
  Client client(server);
  for (int round = 0; round < 3; ++round) {
    tokens.clear();
    ASSERT_TRUE(client.Send(Get("/") + Get("/") + Get("/") + Get("/")));
    server.Await([&] { return tokens.size() == 4; });
    server.OnLoop([&] {
      HttpServer& http = server.http();
      http.Respond(tokens[3], {.body = "3"});
      http.BeginStream(tokens[2], {.body = "2"}, StreamKind::kFinite, &source);
      http.BeginStream(tokens[1], {.body = "1"}, StreamKind::kEndless, &source);
      EXPECT_EQ(http.WriteStream(tokens[1], Chunk("early")), StreamWrite::kNoRoom);
      // One that ends before its turn comes is an answer like any other.
      if (round == 1) http.EndStream(tokens[2]);
    });
    server.OnLoop([&] { server.http().Respond(tokens[0], {.body = "0"}); });
    EXPECT_EQ(client.Read().body, "0");
    for (const std::size_t i : {1U, 2U}) {
      client.Read();
      EXPECT_EQ(client.ReadChunk(), std::to_string(i));
      if (i == 1 || round != 1) {
        EXPECT_EQ(client.ReadChunk(), "body of " + std::to_string(tokens[i].sequence));
      }
      EXPECT_EQ(client.ReadChunk(), "");
    }
    EXPECT_EQ(client.Read().body, "3");
  }
  EXPECT_THAT(source.gone, IsEmpty());
}

TEST(HttpServerStreamTest, AChunkWaitsForTheOneBefore) {
  constexpr std::size_t kChunks = 500;
  const std::string large(64 * 1024, 'x');  // 32 MB in all: no socket buffer holds them.
  Stage stage;
  const auto chunk = Chunk(large);
  std::size_t given = 0;
  stage.source.on_room = [&](RequestToken token) {
    if (given++ == kChunks) return stage.server.http().EndStream(token);
    stage.server.http().WriteStream(token, chunk);
  };
  Client client(stage.server);
  ASSERT_TRUE(client.Send(Get("/finite")));
  const std::size_t blocked = testing::Settled(stage.server, given);
  EXPECT_LT(blocked, kChunks);
  EXPECT_EQ(stage.Write(stage.tokens[0], "no"), StreamWrite::kNoRoom);
  client.Read();
  EXPECT_EQ(client.ReadChunk(), "first");
  for (std::size_t i = 0; i < kChunks; ++i) ASSERT_TRUE(client.ReadChunk() == large) << i;
  EXPECT_EQ(client.ReadChunk(), "");
  EXPECT_EQ(chunk.use_count(), 1);
}

TEST(HttpServerStreamTest, ListenersShareAChunkAndLetGoOfIt) {
  Stage stage;
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 1; i <= 20; ++i) {
    clients.push_back(std::make_unique<Client>(stage.server));
    ASSERT_TRUE(clients.back()->Send(Get("/endless")));
    stage.AwaitStreams(i);
  }
  const auto chunk = Chunk(std::string(4096, 'e'));
  stage.server.OnLoop([&] {
    for (const RequestToken token : stage.tokens) stage.server.http().WriteStream(token, chunk);
  });
  EXPECT_EQ(chunk.use_count(), 1);
  for (const auto& client : clients) {
    client->Read();
    EXPECT_EQ(client->ReadChunk(), "first");
    EXPECT_EQ(client->ReadChunk(), chunk->bytes());
  }
  stage.server.Await([&] { return stage.source.rooms == 40; });
}

TEST(HttpServerStreamTest, AClientThatLeavesIsNoticed) {
  Stage stage;
  std::vector<RequestToken> told;
  stage.source.on_gone = [&](RequestToken token) {
    told.push_back(token);
    EXPECT_EQ(stage.server.http().WriteStream(token, Chunk("x")), StreamWrite::kGone);
  };
  std::optional<Client> client(std::in_place, stage.server);
  ASSERT_TRUE(client->Send(Get("/endless") + Get("/finite")));
  stage.AwaitStreams(2);
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(client->fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  client.reset();
  stage.server.Await([&] { return stage.server.metrics().connections_open.Value() == 0; });
  EXPECT_THAT(stage.source.gone, ElementsAre(StreamLoss::kClientGone, StreamLoss::kClientGone));
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].sequence, stage.tokens[0].sequence);
  EXPECT_EQ(told[1].sequence, stage.tokens[1].sequence);
}

TEST(HttpServerStreamTest, WhoHalfClosesHearsNoEndlessStreamButAFiniteOne) {
  Stage stage;
  Client endless(stage.server);
  ASSERT_TRUE(endless.Send(Get("/endless")));
  stage.AwaitStreams(1);
  endless.EndSending();
  EXPECT_EQ(endless.Read().status, 200);
  EXPECT_EQ(endless.ReadChunk(), "first");
  EXPECT_EQ(endless.ReadChunk(), "");
  EXPECT_TRUE(endless.ReadEnd());
  EXPECT_THAT(stage.source.gone, ElementsAre(StreamLoss::kClientGone));

  Client finite(stage.server);
  ASSERT_TRUE(finite.Send(Get("/finite")));
  stage.AwaitStreams(2);
  finite.EndSending();
  EXPECT_EQ(stage.Write(stage.tokens[1], "still"), StreamWrite::kTaken);
  stage.server.OnLoop([&] { stage.server.http().EndStream(stage.tokens[1]); });
  finite.Read();
  for (const std::string bytes : {"first", "still", ""}) EXPECT_EQ(finite.ReadChunk(), bytes);
  EXPECT_TRUE(finite.ReadEnd());
}

TEST(HttpServerStreamTest, WhoDoesNotReadIsDropped) {
  // Small chunks fill the kernel's buffers slowly; a large one waits in ours.
  for (const std::size_t size : {std::size_t{1024}, std::size_t{16} * 1024 * 1024}) {
    Stage stage({.send_timeout = milliseconds{200}});
    const auto chunk = Chunk(std::string(size, 'x'));
    Client client(stage.server.port(), 4096);
    ASSERT_TRUE(client.Send(Get("/endless")));
    stage.AwaitStreams(1);
    stage.server.Await([&] {
      stage.server.http().WriteStream(stage.tokens[0], chunk);
      return !stage.source.gone.empty();
    });
    EXPECT_THAT(stage.source.gone, ElementsAre(StreamLoss::kTooSlow)) << size;
    EXPECT_EQ(stage.server.metrics().connections_open.Value(), 0);
    EXPECT_EQ(chunk.use_count(), 1);
  }
}

TEST(HttpServerStreamTest, AStreamInWhichNothingHappensIsNotIdle) {
  Stage stage({.idle_timeout = milliseconds{100}, .send_timeout = milliseconds{100}});
  Client client(stage.server);
  ASSERT_TRUE(client.Send(Get("/endless")));
  stage.AwaitStreams(1);
  for (int i = 0; i < 3; ++i) {
    Client idle(stage.server);
    EXPECT_TRUE(idle.ReadEnd());  // The timeout has passed since.
  }
  EXPECT_EQ(stage.Write(stage.tokens[0], "still"), StreamWrite::kTaken);
  client.Read();
  EXPECT_EQ(client.ReadChunk(), "first");
  EXPECT_EQ(client.ReadChunk(), "still");
}

TEST(HttpServerStreamTest, ACutStreamIsSeenToBeIncomplete) {
  Stage stage;
  Client client(stage.server);
  ASSERT_TRUE(client.Send(Get("/finite")));
  stage.AwaitStreams(1);
  stage.source.on_room = [&](RequestToken token) { stage.server.http().CutStream(token); };
  EXPECT_EQ(stage.Write(stage.tokens[0], "part"), StreamWrite::kTaken);
  client.Read();
  EXPECT_EQ(client.ReadRest(), "5\r\nfirst\r\n4\r\npart\r\n");
  EXPECT_THAT(stage.source.gone, IsEmpty()) << "it knows";
  EXPECT_EQ(stage.server.metrics().connections_open.Value(), 0);
}

TEST(HttpServerStreamTest, DrainingEndsEndlessStreamsAndWaitsForFiniteOnes) {
  Stage stage;
  Client endless(stage.server);
  Client finite(stage.server);
  ASSERT_TRUE(endless.Send(Get("/endless")));
  stage.AwaitStreams(1);
  ASSERT_TRUE(finite.Send(Get("/finite") + Get("/endless")));
  stage.AwaitStreams(3);
  stage.server.OnLoop([&] { stage.server.http().Drain(); });
  for (const std::string bytes : {"first", ""}) {
    if (!bytes.empty()) endless.Read();
    EXPECT_EQ(endless.ReadChunk(), bytes);
  }
  EXPECT_TRUE(endless.ReadEnd());
  EXPECT_THAT(stage.source.gone, ElementsAre(StreamLoss::kDraining, StreamLoss::kDraining));

  EXPECT_EQ(stage.Write(stage.tokens[1], "more"), StreamWrite::kTaken);
  stage.server.OnLoop([&] { stage.server.http().EndStream(stage.tokens[1]); });
  finite.Read();
  for (const std::string bytes : {"first", "more", ""}) EXPECT_EQ(finite.ReadChunk(), bytes);
  finite.Read();
  for (const std::string bytes : {"first", ""}) EXPECT_EQ(finite.ReadChunk(), bytes);
  EXPECT_TRUE(finite.ReadEnd());
  endless.EndSending();
  finite.EndSending();
  stage.server.Await([&] { return stage.server.http().Idle(); });
}

TEST(HttpServerStreamTest, AStreamThatBeginsWhileDrainingEndsAtOnce) {
  Stage stage;
  Client client(stage.server);
  ASSERT_TRUE(client.Send("GET /endless HTTP"));
  stage.server.Await([&] { return stage.server.metrics().bytes_received.Value() > 0; });
  stage.server.OnLoop([&] { stage.server.http().Drain(); });
  ASSERT_TRUE(client.Send("/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_THAT(client.Read().head, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(client.ReadChunk(), "first");
  EXPECT_EQ(client.ReadChunk(), "");
  EXPECT_TRUE(client.ReadEnd());
  EXPECT_THAT(stage.starts, ElementsAre(StreamStart::kOver));
  EXPECT_THAT(stage.source.gone, IsEmpty());
}

TEST(HttpServerStreamTest, AListenerThatIsBehindDoesNotHoldUpADrain) {
  Stage stage({.send_timeout = std::chrono::hours{1}});
  Client client(stage.server.port(), 4096);
  ASSERT_TRUE(client.Send(Get("/endless")));
  stage.AwaitStreams(1);
  EXPECT_EQ(stage.Write(stage.tokens[0], std::string(16 * 1024 * 1024, 'x')), StreamWrite::kTaken);
  stage.server.OnLoop([&] { stage.server.http().Drain(); });
  EXPECT_THAT(stage.source.gone, ElementsAre(StreamLoss::kDraining));
  stage.server.Await([&] { return stage.server.http().Idle(); });
}

TEST(HttpServerStreamTest, ASharedBodyIsSentFromWhereItIs) {
  std::string bytes(200 * 1024, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>('a' + i * i % 26);
  const auto body = Chunk(bytes);
  long shares = 0;
  TestServer server([&](TestServer& self, const Request&, RequestToken token) {
    self.http().RespondShared(token, {.content_type = "text/javascript"}, body);
    shares = body.use_count();
  });
  Client client(server.port(), 4096);
  ASSERT_TRUE(client.Send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_THAT(client.Read(Client::To::kHead).head, HasSubstr("Content-Length: 204800\r\n"));
  EXPECT_EQ(shares, 1);
  ASSERT_TRUE(client.Send(Get("/") + Get("/") + "GET / HTTP/1.0\r\n\r\n"));
  for (int i = 0; i < 3; ++i) {
    const Answer answer = client.Read();
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.body == bytes);
  }
  EXPECT_TRUE(client.ReadEnd());
  EXPECT_EQ(shares, 4) << "each request that waited held a share, none a copy";
  server.OnLoop([&] { EXPECT_EQ(body.use_count(), 1); });
}

TEST(HttpServerStreamTest, ASourceMayWriteToOtherStreams) {
  Stage stage;
  Client first(stage.server);
  Client second(stage.server);
  ASSERT_TRUE(first.Send(Get("/endless")));
  stage.AwaitStreams(1);
  ASSERT_TRUE(second.Send(Get("/endless")));
  stage.AwaitStreams(2);
  stage.source.on_room = [&](RequestToken token) {
    if (token.connection == stage.tokens[0].connection) {
      stage.server.http().WriteStream(stage.tokens[1], Chunk("from the first"));
    }
  };
  EXPECT_EQ(stage.Write(stage.tokens[0], "go"), StreamWrite::kTaken);
  first.Read();
  second.Read();
  EXPECT_EQ(first.ReadChunk(), "first");
  EXPECT_EQ(first.ReadChunk(), "go");
  EXPECT_EQ(second.ReadChunk(), "first");
  EXPECT_EQ(second.ReadChunk(), "from the first");
}

TEST(HttpServerStreamTest, AServerThatGoesTellsItsSources) {
  Source source;
  {
    std::size_t begun = 0;
    TestServer server([&](TestServer& self, const Request&, RequestToken token) {
      self.http().BeginStream(token, {}, StreamKind::kEndless, &source);
      ++begun;
    });
    Client client(server);
    ASSERT_TRUE(client.Send(Get("/")));
    server.Await([&] { return begun == 1; });
  }
  EXPECT_THAT(source.gone, ElementsAre(StreamLoss::kClientGone));
}

}  // namespace
}  // namespace chaac
