// Every form of the URL, and errors that keep the password to themselves.
#include "store/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace chaac {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Kind = Endpoint::Kind;

struct Accepted {
  std::string url;
  Endpoint endpoint;
  std::string redacted;
};

class EndpointAccepts : public ::testing::TestWithParam<Accepted> {};

TEST_P(EndpointAccepts, EveryPart) {
  const auto endpoint = ParseEndpoint(GetParam().url);
  ASSERT_TRUE(endpoint) << endpoint.error();
  EXPECT_EQ(*endpoint, GetParam().endpoint);
  EXPECT_EQ(Redacted(*endpoint), GetParam().redacted);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, EndpointAccepts,
    ::testing::Values(
        Accepted{"valkey://localhost", {.host = "localhost"}, "valkey://localhost:6379"},
        Accepted{"redis://cache.example:7000/3",
                 {.host = "cache.example", .port = 7000, .database = 3},
                 "valkey://cache.example:7000/3"},
        Accepted{"valkey://10.0.0.1:6380/",
                 {.host = "10.0.0.1", .port = 6380},
                 "valkey://10.0.0.1:6380"},
        Accepted{"valkeys://chaac:secret@store:6390",
                 {.kind = Kind::kTls,
                  .host = "store",
                  .port = 6390,
                  .username = "chaac",
                  .password = "secret"},
                 "valkeys://chaac:***@store:6390"},
        Accepted{"rediss://:secret@[2001:db8::1]",
                 {.kind = Kind::kTls, .host = "2001:db8::1", .password = "secret"},
                 "valkeys://:***@[2001:db8::1]:6379"},
        Accepted{"valkey://user@[::1]:7001/15",
                 {.host = "::1", .port = 7001, .username = "user", .database = 15},
                 "valkey://user@[::1]:7001/15"},
        // An @, a : and a / in a password need no escape; anything may have one.
        Accepted{"valkey://us%40er:a:b@c/d%25%C3%A1@host",
                 {.host = "host", .username = "us@er", .password = "a:b@c/d%\xC3\xA1"},
                 "valkey://us%40er:***@host:6379"},
        Accepted{"unix:///run/valkey.sock",
                 {.kind = Kind::kUnix, .port = 0, .path = "/run/valkey.sock"},
                 "unix:///run/valkey.sock"},
        Accepted{"unix://var/valkey/a%20b.sock?db=2",
                 {.kind = Kind::kUnix, .port = 0, .path = "var/valkey/a b.sock", .database = 2},
                 "unix://var/valkey/a%20b.sock?db=2"},
        Accepted{"unix:///run/a@b.sock",
                 {.kind = Kind::kUnix, .port = 0, .path = "/run/a@b.sock"},
                 "unix:///run/a%40b.sock"},
        Accepted{"unix://chaac:secret@/run/valkey.sock",
                 {.kind = Kind::kUnix,
                  .port = 0,
                  .path = "/run/valkey.sock",
                  .username = "chaac",
                  .password = "secret"},
                 "unix://chaac:***@/run/valkey.sock"}));

TEST(EndpointTest, RedactedFormWithoutPasswordIsReadBackTheSame) {
  for (const Endpoint& endpoint :
       {Endpoint{.host = "::1", .port = 1, .username = "a:b@c%", .database = 65'535},
        Endpoint{.kind = Kind::kUnix, .port = 0, .path = "/a?b@c%20 d", .username = ""},
        Endpoint{.kind = Kind::kTls, .host = "h"}}) {
    const auto again = ParseEndpoint(Redacted(endpoint));
    ASSERT_TRUE(again) << Redacted(endpoint) << ": " << again.error();
    EXPECT_EQ(*again, endpoint) << Redacted(endpoint);
  }
}

// Every refused URL here holds "hunter2" where someone might have put a password.
TEST(EndpointTest, RefusalsSayWhyAndNeverRepeatWhatMayBeThePassword) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "does not start with a scheme"},
      {"hunter2", "does not start with a scheme"},
      {"user:hunter2@host:6379", "does not start with a scheme"},
      {"hunter2://host", "scheme is none of valkey, valkeys, redis, rediss, unix"},
      {"VALKEY://host", "scheme is none of"},
      {"valkey://", "the host is missing"},
      {"valkey://:hunter2@", "the host is missing"},
      {"valkey://user:hunter2@:6379", "the host is missing"},
      {"valkey://user:hunter2", "the port is not a whole number from 1 to 65535"},
      {"valkey://host:0", "the port is not"},
      {"valkey://host:65536", "the port is not"},
      {"valkey://host:", "the port is not"},
      {"valkey://host:+1", "the port is not"},
      {"valkey://hunter2%", "the host is not a name or an address"},
      {"valkey://hunter2 host", "the host is not a name or an address"},
      {"valkey://" + std::string(254, 'a'), "the host is not a name or an address"},
      {"valkey://::1", "an IPv6 address stands in brackets"},
      {"valkey://[::1", "no closing bracket"},
      {"valkey://[hunter2]:6379", "is not an IPv6 address"},
      {"valkey://[::1]hunter2", "behind the bracket of an IPv6 address only a port"},
      {"valkey://host/hunter2", "the database is not a whole number from 0 to 65535"},
      {"valkey://host/-1", "the database"},
      {"valkey://host/65536", "the database"},
      {"valkey://user:hunter2%@host", "a % itself is written %25"},
      {"valkey://user:hunter2%4@host", "a % itself is written %25"},
      {"valkey://user:hunter2%zz@host", "a % itself is written %25"},
      {"valkey://user:hunter2%00@host", "%00"},
      {"unix://", "the socket's path"},
      {"unix://user:hunter2@", "the socket's path"},
      {"unix:///" + std::string(107, 'a'), "has not 1 to 107 bytes"},
      {"unix:///run/%zz", "the socket's path"},
      {"unix:///run/valkey.sock?hunter2", "only db=N may follow"},
      {"unix:///run/valkey.sock?db=hunter2", "the database"},
  };
  for (const auto& [url, reason] : cases) {
    const auto endpoint = ParseEndpoint(url);
    ASSERT_FALSE(endpoint) << url;
    EXPECT_THAT(endpoint.error(), HasSubstr(reason)) << url;
    EXPECT_THAT(endpoint.error(), Not(HasSubstr("hunter2"))) << url;
  }
}

}  // namespace
}  // namespace chaac
