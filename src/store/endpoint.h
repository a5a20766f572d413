// Endpoint: where a Valkey server is and who we are to it, read from a URL. Plain values.
// The forms are those that Redis and Valkey clients share:
//   valkey://[user[:password]@]host[:port][/database]    redis:// alike
//   valkeys://…                                          TLS; rediss:// alike
//   unix:///path/to.sock[?db=N]                          unix://user:password@/path.sock alike
// User, password and path are percent-decoded; an IPv6 address stands in brackets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace chaac {

struct Endpoint {
  enum class Kind : std::uint8_t { kTcp, kTls, kUnix };
  static constexpr std::uint16_t kDefaultPort = 6379;

  Kind kind = Kind::kTcp;
  std::string host;  // Name or address, without brackets; empty for kUnix.
  std::uint16_t port = kDefaultPort;
  std::string path;  // Of the socket; for kUnix alone.
  std::string username;
  std::string password;
  std::uint32_t database = 0;

  bool operator==(const Endpoint&) const = default;
};

// The error is a phrase that says what is wrong and what is allowed: "the host is missing". It
// repeats no part of `url`: in one that is malformed, any part may be the password.
tl::expected<Endpoint, std::string> ParseEndpoint(std::string_view url);

// "host", "host:port", "[::1]:port". The error as above.
tl::expected<Endpoint, std::string> ParseAddress(std::string_view text, std::uint16_t default_port);

// As a URL again, for logs and for people: a password is shown as "***".
std::string Redacted(const Endpoint& endpoint);

}  // namespace chaac
