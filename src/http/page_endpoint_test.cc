// The files of tests/page, embedded and served.
#include "http/page_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "http/testing/test_server.h"

namespace chaac {
namespace {

using testing::Answer;
using testing::Client;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kStyle = "/assets/page-0aZ_9-bQ.css";
constexpr std::string_view kFont = "/assets/bytes-00000000.woff2";

std::string FileOfPage(const std::string& name) {
  std::ifstream file(CHAAC_SOURCE_DIR "/tests/page/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class PageEndpointTest : public ::testing::Test {
 protected:
  PageEndpointTest() {
    server_.OnLoop([this] { responder_->Attach(&server_.http()); });
  }

  Answer Get(std::string_view path, const std::string& header_lines = "") {
    EXPECT_TRUE(client_.Send("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" +
                             header_lines + "\r\n"));
    return client_.Read();
  }

  RouteMetrics routes_;
  std::optional<Responder> responder_;
  std::optional<PageEndpoint> endpoint_;
  testing::TestServer server_{
      [this](testing::TestServer&, const Request& request, RequestToken token) {
        const Route route = FindRoute(Door::kPublic, request.path).route;
        if (route == Route::kIndex && !endpoint_->IsWanted(request)) {
          return server_.http().Respond(token, {.body = "index"});
        }
        endpoint_->OnGet(route, request, token);
      },
      {},
      [this](EventLoop* loop) {
        responder_.emplace(loop, &routes_);
        endpoint_.emplace(WebAssets(), &*responder_);
      }};
  Client client_{server_};
};

TEST_F(PageEndpointTest, SendsEveryFileByteForByte) {
  EXPECT_EQ(Get("/", "Accept: text/html\r\n").body, FileOfPage("index.html"));
  EXPECT_EQ(Get("/docs").body, FileOfPage("docs.html"));
  EXPECT_EQ(Get("/favicon.svg").body, FileOfPage("favicon.svg"));
  EXPECT_EQ(Get(kStyle).body, FileOfPage("assets/page-0aZ_9-bQ.css"));
  const std::string font = FileOfPage("assets/bytes-00000000.woff2");
  EXPECT_EQ(font.size(), 1024U);
  EXPECT_EQ(Get(kFont).body, font);
}

TEST_F(PageEndpointTest, SaysWhatAFileIsAndHowLongItMayBeKept) {
  const Answer page = Get("/", "Accept: text/html\r\n");
  EXPECT_THAT(page.head, HasSubstr("\r\nContent-Type: text/html; charset=utf-8\r\n"));
  EXPECT_THAT(page.head, HasSubstr("\r\nCache-Control: no-cache\r\n"));
  EXPECT_THAT(page.head, HasSubstr("\r\nVary: Accept, Accept-Encoding\r\n"));
  const Answer style = Get(kStyle);
  EXPECT_THAT(style.head, HasSubstr("\r\nContent-Type: text/css; charset=utf-8\r\n"));
  EXPECT_THAT(style.head, HasSubstr("\r\nCache-Control: public, max-age=31536000, immutable\r\n"));
  EXPECT_THAT(style.head, HasSubstr("\r\nVary: Accept-Encoding\r\n"));
  for (const Answer& answer : {page, style}) {
    EXPECT_THAT(answer.head, HasSubstr("\r\nContent-Security-Policy: default-src 'none'; "));
    EXPECT_THAT(answer.head, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(answer.head, HasSubstr("\r\nReferrer-Policy: no-referrer\r\n"));
  }
}

TEST_F(PageEndpointTest, OnlyABrowserGetsThePage) {
  EXPECT_EQ(Get("/").body, "index");
  EXPECT_EQ(Get("/", "Accept: */*\r\n").body, "index");
  EXPECT_THAT(Get("/", "Accept: text/html,*/*;q=0.8\r\n").body, HasSubstr("<!doctype html>"));
}

TEST_F(PageEndpointTest, CompressesOnlyForThoseWhoAcceptIt) {
  const std::string plain = FileOfPage("assets/page-0aZ_9-bQ.css");
  const Answer compressed = Get(kStyle, "Accept-Encoding: br, gzip\r\n");
  EXPECT_THAT(compressed.head, HasSubstr("\r\nContent-Encoding: gzip\r\n"));
  EXPECT_LT(compressed.body.size(), plain.size());
  EXPECT_EQ(compressed.body.substr(0, 2), "\x1f\x8b");
  for (const std::string coding : {"identity", "br", "gzip;q=0"}) {
    const Answer answer = Get(kStyle, "Accept-Encoding: " + coding + "\r\n");
    EXPECT_THAT(answer.head, Not(HasSubstr("Content-Encoding")));
    EXPECT_EQ(answer.body, plain);
  }
  const Answer font = Get(kFont, "Accept-Encoding: gzip\r\n");
  EXPECT_THAT(font.head, Not(HasSubstr("Content-Encoding"))) << "it would not be smaller";
}

TEST_F(PageEndpointTest, WhatTheClientHasIsNotSentAgain) {
  for (const std::string_view path : {std::string_view("/docs"), kStyle}) {
    const Answer first = Get(path);
    const std::size_t begin = first.head.find("ETag: ") + 6;
    const std::string etag = first.head.substr(begin, first.head.find('\r', begin) - begin);
    const Answer again = Get(path, "If-None-Match: " + etag + "\r\nAccept-Encoding: gzip\r\n");
    EXPECT_EQ(again.status, 304);
    EXPECT_THAT(again.head, HasSubstr("ETag: " + etag + "\r\n"));
    EXPECT_THAT(again.head, HasSubstr("\r\nVary: Accept-Encoding\r\n"));
    EXPECT_EQ(Get(path, "If-None-Match: \"other\"\r\n").status, 200);
  }
}

TEST_F(PageEndpointTest, UnknownFilesAre404UnderOneLabel) {
  for (const std::string path :
       {"/assets/page-0aZ_9-bQ.cs", "/assets/..", "/assets/%70age-0aZ_9-bQ.css"}) {
    const Answer answer = Get(path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_THAT(answer.body, HasSubstr("urn:chaac:problem:not-found"));
  }
  const auto* const status =
      std::find(RouteMetrics::kStatuses.begin(), RouteMetrics::kStatuses.end(), 404);
  const auto index = static_cast<std::size_t>(status - RouteMetrics::kStatuses.begin());
  EXPECT_EQ(routes_.Answers(Route::kAssets, index).Value(), 3U);
}

}  // namespace
}  // namespace chaac
