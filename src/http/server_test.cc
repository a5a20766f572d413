// HttpServer over real sockets: what clients see of order, persistence, refusals and draining.
#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "http/testing/test_server.h"

namespace chaac {
namespace {

using testing::Answer;
using testing::Client;
using testing::Echo;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestServer;

std::string Get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"; }
std::string Post(const std::string& body, const std::string& lines = "") {
  return "POST /p HTTP/1.1\r\nHost: a\r\n" + lines +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Keeps the tokens; the test answers them.
struct Held {
  std::vector<RequestToken> tokens;
  void operator()(TestServer& /*server*/, const Request& /*request*/, RequestToken token) {
    tokens.push_back(token);
  }
};

TEST(HttpServerTest, KeepsAConnectionForManyRequests) {
  TestServer server(Echo);
  Client client(server);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.Send(Post(std::to_string(i))));
    const Answer answer = client.Read();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "/p:" + std::to_string(i));
    EXPECT_THAT(answer.head, HasSubstr("\r\nDate: "));
    EXPECT_THAT(answer.head, Not(HasSubstr("Connection:")));
  }
  EXPECT_EQ(server.metrics().connections_accepted.Value(), 1U);
  EXPECT_EQ(server.metrics().connections_open.Value(), 1);
  EXPECT_EQ(server.metrics().bytes_received.Value(), 3 * Post("0").size());
  server.Await([&] { return server.metrics().bytes_sent.Value() > 300; });
}

TEST(HttpServerTest, AnswersAHundredPipelinedRequestsInOrder) {
  TestServer server(Echo);
  Client client(server);
  std::string all;
  for (int i = 0; i < 100; ++i) all += Get("/" + std::to_string(i));
  ASSERT_TRUE(client.Send(all));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.Read().body, "/" + std::to_string(i) + ":");
}

TEST(HttpServerTest, SendsAnswersInTheOrderOfRequestsThoughTheyAreReadyInAnother) {
  Held held;
  TestServer server(std::ref(held));
  Client client(server);
  std::string all;
  for (int i = 0; i < 100; ++i) all += Get("/");
  ASSERT_TRUE(client.Send(all));
  server.Await([&] { return held.tokens.size() == 100; });
  server.OnLoop([&] {
    // 7 and 100 have no common divisor: every number comes once, 0 last.
    for (std::size_t i = 1; i <= 100; ++i) {
      const std::size_t n = i * 7 % 100;
      server.http().Respond(held.tokens[n], {.body = std::to_string(n)});
    }
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.Read().body, std::to_string(i));
}

TEST(HttpServerTest, IgnoresASecondAnswer) {
  TestServer server([](TestServer& self, const Request&, RequestToken token) {
    self.http().Respond(token, {.body = "first"});
    self.http().Respond(token, {.body = "second"});
  });
  Client client(server);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.Send(Get("/")));
    EXPECT_EQ(client.Read().body, "first");
  }
}

TEST(HttpServerTest, SendsContinueWhenTheBodyIsHeldBack) {
  TestServer server(Echo);
  Client client(server);
  const std::string request = Post("{}", "Expect: 100-continue\r\n");
  ASSERT_TRUE(client.Send(request.substr(0, request.size() - 2)));
  EXPECT_EQ(client.Read().status, 100);
  ASSERT_TRUE(client.Send("{}" + Get("/next")));
  EXPECT_EQ(client.Read().body, "/p:{}");
  EXPECT_EQ(client.Read().body, "/next:");
  ASSERT_TRUE(client.Send(request));  // With its body: no need for it.
  EXPECT_EQ(client.Read().status, 200);
}

TEST(HttpServerTest, ContinueWaitsForTheAnswersBefore) {
  Held held;
  TestServer server(std::ref(held));
  Client client(server);
  const std::string expecting = Post("{}", "Expect: 100-continue\r\n");
  ASSERT_TRUE(client.Send(Get("/") + expecting.substr(0, expecting.size() - 2)));
  server.Await([&] { return held.tokens.size() == 1; });
  server.OnLoop([&] { server.http().Respond(held.tokens[0], {.body = "earlier"}); });
  EXPECT_EQ(client.Read().body, "earlier");
  EXPECT_EQ(client.Read().status, 100);
}

TEST(HttpServerTest, RefusesATooLargeBodyInsteadOfSendingContinue) {
  TestServer server(Echo);
  Client client(server);
  ASSERT_TRUE(
      client.Send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                  "Content-Length: 99999999\r\n\r\n"));
  EXPECT_EQ(client.Read().status, 413);
  EXPECT_TRUE(client.ReadEnd());
  EXPECT_EQ(server.Refused(ErrorCode::kBodyTooLarge), 1U);
}

TEST(HttpServerTest, LeavesTheBodyOutForHead) {
  TestServer server(Echo);
  Client client(server);
  ASSERT_TRUE(client.Send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n" + Get("/g")));
  EXPECT_THAT(client.Read(Client::To::kHead).head, HasSubstr("Content-Length: 3\r\n"));
  EXPECT_EQ(client.Read().body, "/g:");
}

TEST(HttpServerTest, ReadsBodiesHoweverTheyArrive) {
  TestServer server(Echo);
  Client client(server);
  const std::string chunked =
      "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n";
  for (const std::string& request : {chunked, Post("abcde")}) {
    for (const char byte : request) ASSERT_TRUE(client.Send({&byte, 1}));
    EXPECT_EQ(client.Read().body, "/p:abcde");
  }
}

TEST(HttpServerTest, ReadsTheLargestBodyInBothFramings) {
  TestServer server(Echo);
  Client client(server);
  std::string body(HttpLimits().body_bytes_max, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i * i % 26);
  std::string chunked = "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += 65536) {
    chunked += "10000\r\n" + body.substr(at, 65536) + "\r\n";
  }
  chunked += "0\r\n\r\n";
  for (const std::string& request : {Post(body), chunked}) {
    ASSERT_TRUE(client.Send(request));
    EXPECT_TRUE(client.Read().body == "/p:" + body);
  }
}

TEST(HttpServerTest, BodiesHaveReadablePadding) {
  TestServer server([](TestServer& self, const Request& request, RequestToken token) {
    std::size_t sum = 0;  // ASan objects to a byte that is not readable.
    for (std::size_t i = 0; i < kRequestPaddingBytes; ++i) {
      sum += static_cast<unsigned char>(*(request.body.data() + request.body.size() + i));
    }
    self.http().Respond(token, {.body = sum < 255 * kRequestPaddingBytes ? "read" : "full"});
  });
  Client client(server);
  for (std::size_t size = 1; size < 100'000; size = size * 3 + 1) {
    const std::string request = Post(std::string(size, 'x'));
    ASSERT_TRUE(client.Send(request.substr(0, request.size() - 1)));
    ASSERT_TRUE(client.Send("x"));
    EXPECT_EQ(client.Read().status, 200);
  }
}

TEST(HttpServerTest, AnswersEarlierRequestsThenRefusesOnceThenCloses) {
  Held held;
  TestServer server(std::ref(held));
  Client client(server);
  ASSERT_TRUE(client.Send(Get("/1") + Get("/2") + "GET /3 HTTP/1.1\n\nGET /4 HTTP/1.1\r\n\r\n"));
  server.Await([&] { return held.tokens.size() == 2; });
  server.OnLoop([&] {
    server.http().Respond(held.tokens[1], {.body = "2"});
    server.http().Respond(held.tokens[0], {.body = "1"});
  });
  EXPECT_EQ(client.Read().body, "1");
  EXPECT_EQ(client.Read().body, "2");
  const Answer refusal = client.Read();
  EXPECT_EQ(refusal.status, 400);
  EXPECT_THAT(refusal.head, HasSubstr("Content-Type: application/problem+json\r\n"));
  EXPECT_THAT(refusal.head, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(refusal.body, HasSubstr("urn:chaac:problem:malformed-http"));
  EXPECT_THAT(refusal.body, HasSubstr("bare LF"));
  EXPECT_TRUE(client.ReadEnd());
  EXPECT_EQ(server.Refused(ErrorCode::kMalformedHttp), 1U);
}

TEST(HttpServerTest, ARefusalSurvivesWhatTheClientIsStillSending) {
  TestServer server(Echo);
  Client client(server);
  ASSERT_TRUE(client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n"));
  ASSERT_TRUE(client.Send(std::string(9'999'999, 'x')));  // Without lingering: a reset.
  EXPECT_EQ(client.Read().status, 413);
  EXPECT_TRUE(client.ReadEnd());
}

TEST(HttpServerTest, AClientThatHalfClosesGetsItsAnswers) {
  Held held;
  TestServer server(std::ref(held));
  Client client(server);
  ASSERT_TRUE(client.Send(Get("/1") + Get("/2")));
  client.EndSending();
  server.Await([&] { return held.tokens.size() == 2; });
  server.OnLoop([&] { server.http().Respond(held.tokens[0], {.body = "1"}); });
  EXPECT_EQ(client.Read().body, "1");
  server.OnLoop([&] { server.http().Respond(held.tokens[1], {.body = "2"}); });
  EXPECT_EQ(client.Read().body, "2");
  EXPECT_TRUE(client.ReadEnd());
  server.Await([&] { return server.metrics().connections_open.Value() == 0; });
}

TEST(HttpServerTest, ARequestThatIsCutOffIsRefused) {
  TestServer server(Echo);
  for (const std::string& part :
       {std::string("G"), Get("/").substr(0, 20), Post("body").substr(0, 50)}) {
    Client client(server);
    ASSERT_TRUE(client.Send(Get("/whole") + part));
    client.EndSending();
    EXPECT_EQ(client.Read().body, "/whole:");
    EXPECT_EQ(client.Read().status, 400);
    EXPECT_TRUE(client.ReadEnd());
  }
}

TEST(HttpServerTest, ATokenOfAClientThatHasGoneIsHarmless) {
  Held held;
  TestServer server(std::ref(held));
  std::optional<Client> gone(std::in_place, server);
  ASSERT_TRUE(gone->Send(Get("/")));
  server.Await([&] { return held.tokens.size() == 1; });
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(gone->fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  gone.reset();
  server.Await([&] { return server.metrics().connections_open.Value() == 0; });

  Client next(server);  // Takes the place of the first.
  ASSERT_TRUE(next.Send(Get("/")));
  server.Await([&] { return held.tokens.size() == 2; });
  EXPECT_EQ(held.tokens[0].connection, held.tokens[1].connection);
  server.OnLoop([&] {
    server.http().Respond(held.tokens[0], {.body = "stale"});
    server.http().RespondError(held.tokens[0], {ErrorCode::kInternal, "stale", {}});
    server.http().Respond({.connection = 999, .generation = 0, .sequence = 0}, {});
    server.http().Respond(held.tokens[1], {.body = "right"});
  });
  EXPECT_EQ(next.Read().body, "right");
}

TEST(HttpServerTest, FollowsTheClientsWishToCloseOrToStay) {
  TestServer server(Echo);
  {
    Client client(server);
    ASSERT_TRUE(client.Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + Get("/2")));
    EXPECT_THAT(client.Read().head, HasSubstr("Connection: close\r\n"));
    EXPECT_TRUE(client.ReadEnd()) << "the second request is not answered";
  }
  {
    Client client(server);
    ASSERT_TRUE(client.Send("GET / HTTP/1.0\r\n\r\n"));
    EXPECT_THAT(client.Read().head, HasSubstr("Connection: close\r\n"));
    EXPECT_TRUE(client.ReadEnd());
  }
  Client client(server);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    EXPECT_THAT(client.Read().head, HasSubstr("Connection: keep-alive\r\n"));
  }
}

TEST(HttpServerTest, RespondsWithErrorsAsProblems) {
  TestServer server([](TestServer& self, const Request& request, RequestToken token) {
    if (request.path == "/405") {
      self.http().RespondError(token, {ErrorCode::kMethodNotAllowed, "no", {}}, "Allow: PUT\r\n");
    } else {
      self.http().RespondError(token, {ErrorCode::kQueueFull, "later", {}});
    }
  });
  Client client(server);
  ASSERT_TRUE(client.Send(Get("/405") + Get("/503")));
  const Answer not_allowed = client.Read();
  EXPECT_EQ(not_allowed.status, 405);
  EXPECT_THAT(not_allowed.head, HasSubstr("Allow: PUT\r\n"));
  EXPECT_THAT(not_allowed.head, Not(HasSubstr("Retry-After")));
  const Answer full = client.Read();
  EXPECT_EQ(full.status, 503);
  EXPECT_THAT(full.head, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_THAT(full.body, HasSubstr("\"detail\":\"later\""));
}

TEST(HttpServerTest, DrainAwaitsTheFirstRequestOfAConnection) {
  TestServer server([](TestServer& self, const Request&, RequestToken token) {
    self.http().Respond(token, {.body = "served"});
  });
  Client fresh(server);
  Client used(server);
  ASSERT_TRUE(used.Send(Get("/")));
  EXPECT_EQ(used.Read().body, "served");
  server.Await([&] { return server.metrics().connections_open.Value() == 2; });
  server.OnLoop([&] { server.http().Drain(); });
  EXPECT_TRUE(used.ReadEnd());
  ASSERT_TRUE(fresh.Send(Get("/")));
  const Answer answer = fresh.Read();
  EXPECT_EQ(answer.body, "served");
  EXPECT_THAT(answer.head, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(fresh.ReadEnd());
}

TEST(HttpServerTest, DrainsWithoutLosingARequest) {
  Held held;
  TestServer server(std::ref(held));
  Client idle(server);
  Client busy(server);
  Client partial(server);
  ASSERT_TRUE(busy.Send(Get("/1") + Get("/2")));
  ASSERT_TRUE(partial.Send("GET / HTTP"));
  server.Await(
      [&] { return held.tokens.size() == 2 && server.metrics().connections_open.Value() == 3; });
  server.OnLoop([&] { server.http().Drain(); });
  EXPECT_TRUE(idle.ReadEnd());
  EXPECT_THROW(Client{server}, std::system_error);

  server.OnLoop([&] {
    for (const RequestToken token : held.tokens) server.http().Respond(token, {.body = "answer"});
  });
  EXPECT_THAT(busy.Read().head, Not(HasSubstr("Connection:")));
  EXPECT_THAT(busy.Read().head, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(busy.ReadEnd());

  ASSERT_TRUE(partial.Send("/1.1\r\nHost: a\r\n\r\n"));
  server.Await([&] { return held.tokens.size() == 3; });
  server.OnLoop([&] {
    EXPECT_FALSE(server.http().Idle());
    server.http().Respond(held.tokens[2], {.body = "last"});
  });
  EXPECT_THAT(partial.Read().head, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(partial.ReadEnd());
  partial.EndSending();
  busy.EndSending();
  server.Await([&] { return server.http().Idle(); });
}

TEST(HttpServerTest, AnnouncingAndDrainingAnswerAllThatIsPipelined) {
  for (const bool draining : {false, true}) {
    // The smaller pipeline ends within what is read at once.
    for (const std::size_t pipeline_max : {4U, 128U}) {
      TestServer server(Echo, {.pipeline_max = pipeline_max, .output_bytes_max = 500});
      Client client(server);
      ASSERT_TRUE(client.Send(Get("/first")));
      EXPECT_EQ(client.Read().status, 200);
      server.OnLoop([&] {
        std::string all;
        for (int i = 0; i < 10; ++i) all += Get("/" + std::to_string(i));
        ASSERT_TRUE(client.Send(all));
        draining ? server.http().Drain() : server.http().AnnounceClose();
      });
      for (int i = 0; i < 10; ++i) {
        const Answer answer = client.Read();
        EXPECT_EQ(answer.body, "/" + std::to_string(i) + ":");
        EXPECT_EQ(answer.head.find("Connection: close") != std::string::npos, i == 9) << i;
      }
      EXPECT_TRUE(client.ReadEnd());
    }
  }
}

TEST(HttpServerTest, AnsweringWhatWasReadDoesNotDropWhatWaitsToBeRead) {
  Held held;
  TestServer server(std::ref(held), {.pipeline_max = 2});
  Client client(server);
  ASSERT_TRUE(client.Send(Get("/1") + Get("/2") + Get("/3")));
  server.Await([&] { return held.tokens.size() == 2; });
  server.OnLoop([&] {
    server.http().Drain();
    for (const RequestToken token : held.tokens) server.http().Respond(token, {.body = "answer"});
  });
  EXPECT_THAT(client.Read().head, Not(HasSubstr("Connection:")));
  EXPECT_THAT(client.Read().head, Not(HasSubstr("Connection:")));
  server.Await([&] { return held.tokens.size() == 3; });
  server.OnLoop([&] { server.http().Respond(held.tokens[2], {.body = "last"}); });
  EXPECT_THAT(client.Read().head, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.ReadEnd());
}

TEST(HttpServerTest, DrainServesWhatHasArrivedUnread) {
  TestServer server(Echo);
  Client client(server);
  ASSERT_TRUE(client.Send(Get("/1")));
  EXPECT_EQ(client.Read().status, 200);
  // Sent before Drain() and within the same round: the server has not read it yet.
  server.OnLoop([&] {
    ASSERT_TRUE(client.Send(Get("/2")));
    server.http().Drain();
  });
  EXPECT_THAT(client.Read().head, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.ReadEnd());
}

TEST(HttpServerTest, SaysWhyItCannotListen) {
  TestServer server(Echo);
  EventLoop loop;
  HttpMetrics metrics;
  const auto listen = [&](const ListenAddress& address) {
    HttpServer(&loop, address, {}, &server, &metrics);
  };
  try {
    listen({.host = "127.0.0.1", .port = server.port()});
    FAIL() << "listens twice on a port";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_THAT(error.what(), HasSubstr("127.0.0.1 port " + std::to_string(server.port())));
  }
  EXPECT_THROW(listen({.host = "not an address"}), std::system_error);
}

TEST(HttpServerTest, SeveralMayShareAPortWhenAllSaySo) {
  TestServer handler(Echo);
  EventLoop loop;
  HttpMetrics metrics;
  HttpServer first(&loop, {.host = "127.0.0.1", .reuse_port = true}, {}, &handler, &metrics);
  const HttpServer second(&loop, {.host = "127.0.0.1", .port = first.port(), .reuse_port = true},
                          {}, &handler, &metrics);
  EXPECT_EQ(second.port(), first.port());
}

}  // namespace
}  // namespace chaac
