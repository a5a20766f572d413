// One handshake over a blocking wait, after a question to the Sentinels where there are any.
#include "store/preflight.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <optional>

#include "store/handshake.h"
#include "store/link.h"

namespace chaac {
namespace {

using Clock = std::chrono::steady_clock;
using Status = PreflightResult::Status;

// Waits until the transport can go on. False when the time is up.
bool Wait(const Transport& transport, Transport::Io io, Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  if (left.count() <= 0) return false;
  const auto events = static_cast<short>(io == Transport::Io::kWantRead ? POLLIN : POLLOUT);
  pollfd descriptor{.fd = transport.fd(), .events = events, .revents = 0};
  return poll(&descriptor, 1, static_cast<int>(left.count())) > 0;
}

// Repeats `step` until it makes progress. Empty on success, else why not.
template <typename Step>
std::string Complete(const Transport& transport, Clock::time_point deadline, Step step) {
  while (true) {
    const Transport::Io io = step();
    if (io == Transport::Io::kProgress) return {};
    if (io == Transport::Io::kClosed) return transport.error();
    if (!Wait(transport, io, deadline)) return "no answer in time";
  }
}

// Sends `output`, then hands every reply to `on_reply` until that says that it has enough.
template <typename OnReply>
PreflightResult Converse(Transport* transport, std::string_view output, Clock::time_point deadline,
                         OnReply on_reply) {
  std::size_t count = 0;
  for (std::string_view rest = output; !rest.empty(); rest.remove_prefix(count)) {
    const std::string error =
        Complete(*transport, deadline, [&] { return transport->Write(rest, &count); });
    if (!error.empty()) return {Status::kUnreachable, error, {}};
  }
  ReplyReader reader;
  std::array<char, std::size_t{16} * 1024> buffer{};
  while (true) {
    ReplyPtr reply;
    const ReplyReader::Status status = reader.Next(&reply);
    if (status == ReplyReader::Status::kProtocolError) {
      return {Status::kIncompatible, "what it answers is not RESP: is it a Valkey server?", {}};
    }
    if (status == ReplyReader::Status::kNeedMore) {
      const std::string error = Complete(*transport, deadline, [&] {
        return transport->Read(buffer.data(), buffer.size(), &count);
      });
      if (!error.empty()) return {Status::kUnreachable, error, {}};
      reader.Feed(std::string_view(buffer.data(), count));
      continue;
    }
    if (const auto result = on_reply(*reply)) return *result;
  }
}

using Outcome = std::optional<PreflightResult>;

PreflightResult ShakeHands(Handshake* handshake, Transport* transport, Clock::time_point deadline) {
  std::string output;
  handshake->Start(&output);
  return Converse(transport, output, deadline, [&](const redisReply& reply) -> Outcome {
    switch (handshake->OnReply(reply)) {
      case Handshake::Status::kMore:
        return std::nullopt;
      case Handshake::Status::kReady:
        return PreflightResult{Status::kReady, {}, {}};
      case Handshake::Status::kNotNow:
        return PreflightResult{Status::kUnreachable, handshake->error(), {}};
      case Handshake::Status::kIncompatible:
        break;
    }
    return PreflightResult{Status::kIncompatible, handshake->error(), {}};
  });
}

PreflightResult Ask(SentinelQuestion* question, const Endpoint& sentinel,
                    const std::string& primary, Transport* transport, Clock::time_point deadline) {
  std::string output;
  question->Start(sentinel, primary, &output);
  return Converse(transport, output, deadline, [&](const redisReply& reply) -> Outcome {
    switch (question->OnReply(reply)) {
      case SentinelQuestion::Status::kMore:
        return std::nullopt;
      case SentinelQuestion::Status::kAnswered:
        return PreflightResult{Status::kReady, {}, {}};
      case SentinelQuestion::Status::kNotNow:
        return PreflightResult{Status::kUnreachable, question->error(), {}};
      case SentinelQuestion::Status::kRefused:
        break;
    }
    return PreflightResult{Status::kIncompatible, question->error(), {}};
  });
}

// Each address has its own time to accept the connection: one that is gone must not use up that of
// the others.
std::string Establish(Transport* transport, Clock::time_point deadline) {
  const auto connect_deadline = std::min(deadline, Clock::now() + LinkLimits{}.connect_timeout);
  std::string error = Complete(*transport, connect_deadline, [&] {
    const Transport::Io io = transport->Establish();
    return transport->IsConnected() && io != Transport::Io::kClosed ? Transport::Io::kProgress : io;
  });
  if (!error.empty()) return error;
  return Complete(*transport, deadline, [&] { return transport->Establish(); });
}

// Connects to the endpoint, at any of its addresses, and has `talk` go on.
template <typename Talk>
PreflightResult Visit(const Endpoint& endpoint, const TlsContext* tls,
                      std::chrono::milliseconds timeout, Talk talk) {
  Lookup lookup;
  if (endpoint.kind != Endpoint::Kind::kUnix) {
    lookup.host = endpoint.host;
    lookup.port = endpoint.port;
    Resolver::Run(&lookup);
    if (!lookup.error.empty()) return {Status::kUnreachable, lookup.error, Redacted(endpoint)};
  } else {
    lookup.addresses.emplace_back();  // The path says it all.
  }
  const Clock::time_point deadline = Clock::now() + timeout;
  PreflightResult result;
  for (const SocketAddress& address : lookup.addresses) {
    std::string error;
    const std::unique_ptr<Transport> transport = Transport::Connect(endpoint, address, tls, &error);
    if (transport != nullptr) error = Establish(transport.get(), deadline);
    result = error.empty() ? talk(transport.get(), deadline)
                           : PreflightResult{Status::kUnreachable, error, {}};
    if (result.status != Status::kUnreachable) break;
  }
  result.address = Redacted(endpoint);
  return result;
}

// Fills in the primary's host and port. One Sentinel that answers is enough; of those that do not,
// what would need a change is told first.
PreflightResult FindPrimary(const Sentinels& sentinels, const TlsContext* tls, Endpoint* primary) {
  PreflightResult result;
  for (const Endpoint& sentinel : sentinels.addresses) {
    SentinelQuestion question;
    PreflightResult answer =
        Visit(sentinel, tls, Sentinels::kAskTimeout,
              [&](Transport* transport, Clock::time_point deadline) {
                return Ask(&question, sentinel, sentinels.primary, transport, deadline);
              });
    if (answer.status == Status::kReady) {
      primary->host = question.host();
      primary->port = question.port();
      return answer;
    }
    if (result.status != Status::kIncompatible) result = answer;
  }
  return result;
}

}  // namespace

PreflightResult Preflight(const PreflightOptions& options, const TlsContext* tls,
                          std::chrono::milliseconds timeout) {
  Endpoint endpoint = options.endpoint;
  if (!options.sentinels.addresses.empty()) {
    PreflightResult found = FindPrimary(options.sentinels, tls, &endpoint);
    if (found.status != Status::kReady) return found;
  }
  return Visit(endpoint, tls, timeout, [&](Transport* transport, Clock::time_point deadline) {
    Handshake handshake(endpoint, options.waits);
    return ShakeHands(&handshake, transport, deadline);
  });
}

}  // namespace chaac
