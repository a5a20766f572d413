// Reading a URL by hand: its password must never reach an error.
#include "store/endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

namespace chaac {
namespace {

using Unexpected = tl::unexpected<std::string>;

constexpr std::size_t kHostBytesMax = 253;                                // Of a name in DNS.
constexpr std::size_t kPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;  // Its NUL left out.
constexpr std::uint32_t kDatabaseMax = 65'535;
constexpr std::string_view kSchemesAllowed = "valkey, valkeys, redis, rediss, unix";

struct Scheme {
  std::string_view name;
  Endpoint::Kind kind;
};
constexpr std::array<Scheme, 5> kSchemes = {{
    {"valkey", Endpoint::Kind::kTcp},
    {"valkeys", Endpoint::Kind::kTls},
    {"redis", Endpoint::Kind::kTcp},
    {"rediss", Endpoint::Kind::kTls},
    {"unix", Endpoint::Kind::kUnix},
}};

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// nullopt: a '%' without two hexadecimal digits, or a NUL, which no part may hold.
std::optional<std::string> PercentDecoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string PercentEncoded(std::string_view text) {
  constexpr std::string_view kPlain = "-._~/";
  std::string encoded;
  for (const char c : text) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alphanumeric || kPlain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

// Takes "user:password@" off the front of `rest`.
tl::expected<void, std::string> TakeCredentials(std::string_view* rest, Endpoint* endpoint) {
  const std::size_t at = rest->rfind('@');  // The last one: a password may hold others.
  if (at == std::string_view::npos) return {};
  const std::string_view credentials = rest->substr(0, at);
  rest->remove_prefix(at + 1);
  const std::size_t colon = credentials.find(':');
  const auto username = PercentDecoded(credentials.substr(0, colon));
  const auto password = colon == std::string_view::npos
                            ? std::string()
                            : PercentDecoded(credentials.substr(colon + 1));
  if (!username || !password) {
    return Unexpected(
        "the user or the password holds %00, or a % without two hexadecimal digits behind it; a % "
        "itself is written %25");
  }
  endpoint->username = *username;
  endpoint->password = *password;
  return {};
}

tl::expected<void, std::string> TakeDatabase(std::string_view text, Endpoint* endpoint) {
  const auto number = ParseNumber<std::uint32_t>(text);
  if (!number || *number > kDatabaseMax) {
    return Unexpected(fmt::format("the database is not a whole number from 0 to {}", kDatabaseMax));
  }
  endpoint->database = *number;
  return {};
}

tl::expected<void, std::string> TakePort(std::string_view text, Endpoint* endpoint) {
  const auto number = ParseNumber<std::uint16_t>(text);
  if (!number || *number == 0) {
    return Unexpected("the port is not a whole number from 1 to 65535");
  }
  endpoint->port = *number;
  return {};
}

tl::expected<void, std::string> TakeHost(std::string_view text, Endpoint* endpoint) {
  if (text.empty()) return Unexpected("the host is missing");
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' &&
           std::string_view("[]<>\"\\%?#").find(c) == std::string_view::npos;
  });
  if (!is_plain || text.size() > kHostBytesMax) {
    return Unexpected("the host is not a name or an address");
  }
  endpoint->host = text;
  return {};
}

bool IsIpv6(std::string_view text) {
  in6_addr address{};
  return inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

// "host", "host:port", "[::1]", "[::1]:port".
tl::expected<void, std::string> TakeAuthority(std::string_view text, Endpoint* endpoint) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) {
      return Unexpected("the IPv6 address has no closing bracket, as in [::1]:6379");
    }
    host = text.substr(1, bracket - 1);
    if (!IsIpv6(host)) return Unexpected("what stands in brackets is not an IPv6 address");
    const std::string_view behind = text.substr(bracket + 1);
    if (!behind.empty() && behind.front() != ':') {
      return Unexpected("behind the bracket of an IPv6 address only a port may follow");
    }
    has_port = !behind.empty();
    port = has_port ? behind.substr(1) : behind;
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    if (text.find(':', colon + 1) != std::string_view::npos) {
      return Unexpected("an IPv6 address stands in brackets, as in [::1]:6379");
    }
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  return TakeHost(host, endpoint).and_then([&]() -> tl::expected<void, std::string> {
    if (!has_port) return {};
    return TakePort(port, endpoint);
  });
}

tl::expected<void, std::string> ParseNetwork(std::string_view rest, Endpoint* endpoint) {
  if (auto taken = TakeCredentials(&rest, endpoint); !taken) return taken;
  const std::size_t slash = rest.find('/');
  const std::string_view database =
      slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  if (auto taken = TakeAuthority(rest.substr(0, slash), endpoint); !taken) return taken;
  if (database.empty()) return {};
  return TakeDatabase(database, endpoint);
}

tl::expected<void, std::string> ParseUnix(std::string_view rest, Endpoint* endpoint) {
  const std::size_t question = rest.rfind('?');
  std::string_view query;
  if (question != std::string_view::npos) {
    query = rest.substr(question + 1);
    rest = rest.substr(0, question);
  }
  if (!rest.starts_with('/')) {  // An @ behind a leading / belongs to the path.
    if (auto taken = TakeCredentials(&rest, endpoint); !taken) return taken;
  }
  const auto path = PercentDecoded(rest);
  if (!path || path->empty() || path->size() > kPathBytesMax) {
    return Unexpected(
        fmt::format("the socket's path has not 1 to {} bytes, as in unix:///run/valkey/valkey.sock",
                    kPathBytesMax));
  }
  endpoint->path = *path;
  endpoint->port = 0;
  if (query.empty()) return {};
  if (!query.starts_with("db=")) {
    return Unexpected("behind the ? of a unix:// URL only db=N may follow");
  }
  return TakeDatabase(query.substr(3), endpoint);
}

}  // namespace

tl::expected<Endpoint, std::string> ParseEndpoint(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) {
    return Unexpected(
        fmt::format("it does not start with a scheme ({}) and ://, as valkey://127.0.0.1:6379 does",
                    kSchemesAllowed));
  }
  const std::string_view name = url.substr(0, colon);
  const auto* const scheme = std::find_if(kSchemes.begin(), kSchemes.end(),
                                          [name](const Scheme& s) { return s.name == name; });
  if (scheme == kSchemes.end()) {
    return Unexpected(fmt::format("its scheme is none of {}", kSchemesAllowed));
  }
  Endpoint endpoint;
  endpoint.kind = scheme->kind;
  const std::string_view rest = url.substr(colon + 3);
  const auto parsed = endpoint.kind == Endpoint::Kind::kUnix ? ParseUnix(rest, &endpoint)
                                                             : ParseNetwork(rest, &endpoint);
  if (!parsed) return Unexpected(parsed.error());
  return endpoint;
}

tl::expected<Endpoint, std::string> ParseAddress(std::string_view text,
                                                 std::uint16_t default_port) {
  Endpoint endpoint;
  endpoint.port = default_port;
  if (text.find('@') != std::string_view::npos || text.find('/') != std::string_view::npos) {
    return Unexpected("an address is a host and a port, as in 10.0.0.7:26379");
  }
  if (auto taken = TakeAuthority(text, &endpoint); !taken) return Unexpected(taken.error());
  return endpoint;
}

std::string Redacted(const Endpoint& endpoint) {
  std::string credentials;
  if (!endpoint.username.empty() || !endpoint.password.empty()) {
    credentials = fmt::format("{}{}@", PercentEncoded(endpoint.username),
                              endpoint.password.empty() ? "" : ":***");
  }
  if (endpoint.kind == Endpoint::Kind::kUnix) {
    const std::string database =
        endpoint.database == 0 ? "" : fmt::format("?db={}", endpoint.database);
    return fmt::format("unix://{}{}{}", credentials, PercentEncoded(endpoint.path), database);
  }
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  const std::string database = endpoint.database == 0 ? "" : fmt::format("/{}", endpoint.database);
  return fmt::format(
      "{}://{}{}{}{}:{}{}", endpoint.kind == Endpoint::Kind::kTls ? "valkeys" : "valkey",
      credentials, is_ipv6 ? "[" : "", endpoint.host, is_ipv6 ? "]" : "", endpoint.port, database);
}

}  // namespace chaac
