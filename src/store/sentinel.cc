// AUTH and SENTINEL GET-MASTER-ADDR-BY-NAME.
#include "store/sentinel.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace chaac {

tl::expected<std::vector<Endpoint>, std::string> ParseSentinels(std::string_view text) {
  std::vector<Endpoint> sentinels;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    auto sentinel = ParseAddress(text.substr(begin, end - begin), Sentinels::kDefaultPort);
    if (!sentinel) return tl::unexpected<std::string>(sentinel.error());
    sentinels.push_back(*std::move(sentinel));
    begin = end + 1;
  }
  if (sentinels.size() > Sentinels::kCountMax) {
    return tl::unexpected<std::string>(fmt::format("there are more than {}", Sentinels::kCountMax));
  }
  return sentinels;
}

void SentinelQuestion::Start(const Endpoint& sentinel, std::string_view primary, std::string* out) {
  primary_ = primary;
  error_.clear();
  auth_is_due_ = !sentinel.password.empty();
  if (auth_is_due_ && !sentinel.username.empty()) {
    AppendCommand({"AUTH", sentinel.username, sentinel.password}, out);
  } else if (auth_is_due_) {
    AppendCommand({"AUTH", sentinel.password}, out);
  }
  AppendCommand({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", primary}, out);
}

SentinelQuestion::Status SentinelQuestion::OnReply(const redisReply& reply) {
  const bool is_auth = auth_is_due_;
  auth_is_due_ = false;
  if (IsError(reply)) {
    const std::string_view error = TextOf(reply);
    if (is_auth || error.starts_with("NOAUTH") || error.starts_with("NOPERM")) {
      error_ = fmt::format(
          "the Sentinel refuses the user or password ({}): check --valkey-sentinel-username and "
          "--valkey-sentinel-password-file",
          error);
      return Status::kRefused;
    }
    if (error.starts_with("ERR unknown command")) {
      error_ = fmt::format("what --valkey-sentinels names is no Sentinel: it answers {}", error);
      return Status::kRefused;
    }
    error_ = fmt::format("the Sentinel answers: {}", error);
    return Status::kNotNow;
  }
  if (is_auth) return Status::kMore;
  if (SizeOf(reply) != 2) {
    error_ = fmt::format(
        "the Sentinel knows no primary named \"{}\": check --valkey-sentinel-master", primary_);
    return Status::kRefused;
  }
  host_ = TextOf(ElementOf(reply, 0));
  const std::string_view port = TextOf(ElementOf(reply, 1));
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), port_);
  if (host_.empty() || error != std::errc{} || end != port.data() + port.size() || port_ == 0) {
    error_ = "the Sentinel answers no address";
    return Status::kNotNow;
  }
  return Status::kAnswered;
}

}  // namespace chaac
