// Sentinels: the processes that watch a primary and its replicas and say which one is the primary
// now. SentinelQuestion asks one of them. A pure machine: the link, or the preflight, feeds it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "store/endpoint.h"
#include "store/resp.h"

namespace chaac {

// Whom to ask, and for which primary. Empty `addresses`: the store's address is fixed.
struct Sentinels {
  static constexpr std::uint16_t kDefaultPort = 26379;
  static constexpr std::size_t kCountMax = 16;
  // For connecting to one and its answer; then the next is asked.
  static constexpr std::chrono::milliseconds kAskTimeout{500};

  std::vector<Endpoint> addresses;  // With the user and password of the Sentinels themselves.
  std::string primary;              // The name under which they know it.
};

// "host[:port],…" as endpoints, without user and password. The error is a phrase.
tl::expected<std::vector<Endpoint>, std::string> ParseSentinels(std::string_view text);

class SentinelQuestion {
 public:
  enum class Status : std::uint8_t {
    kMore,      // More replies are due.
    kAnswered,  // host() and port() are those of the primary.
    kNotNow,    // This one cannot tell; another may.
    kRefused,   // Not until somebody changes something: a wrong name, user or password.
  };

  // Appends all commands; OnReply() takes their replies in order.
  void Start(const Endpoint& sentinel, std::string_view primary, std::string* out);
  [[nodiscard]] Status OnReply(const redisReply& reply);

  [[nodiscard]] const std::string& host() const { return host_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  // A sentence, with the way out, after kNotNow and kRefused.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  bool auth_is_due_ = false;
  std::string primary_;
  std::string host_;
  std::uint16_t port_ = 0;
  std::string error_;
};

}  // namespace chaac
