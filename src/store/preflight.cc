// One handshake over a blocking wait.
#include "store/preflight.h"

#include <poll.h>

#include <array>

#include "store/handshake.h"

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

PreflightResult ShakeHands(const Endpoint& endpoint, Transport* transport,
                           Clock::time_point deadline) {
  Handshake handshake(endpoint);
  std::string output;
  handshake.Start(&output);
  std::size_t count = 0;
  for (std::string_view rest = output; !rest.empty(); rest.remove_prefix(count)) {
    const std::string error =
        Complete(*transport, deadline, [&] { return transport->Write(rest, &count); });
    if (!error.empty()) return {Status::kUnreachable, error};
  }
  ReplyReader reader;
  std::array<char, std::size_t{16} * 1024> buffer{};
  while (true) {
    ReplyPtr reply;
    const ReplyReader::Status status = reader.Next(&reply);
    if (status == ReplyReader::Status::kProtocolError) {
      return {Status::kIncompatible, "what it answers is not RESP: is it a Valkey server?"};
    }
    if (status == ReplyReader::Status::kNeedMore) {
      const std::string error = Complete(*transport, deadline, [&] {
        return transport->Read(buffer.data(), buffer.size(), &count);
      });
      if (!error.empty()) return {Status::kUnreachable, error};
      reader.Feed(std::string_view(buffer.data(), count));
      continue;
    }
    switch (handshake.OnReply(*reply)) {
      case Handshake::Status::kMore:
        break;
      case Handshake::Status::kReady:
        return {Status::kReady, {}};
      case Handshake::Status::kNotNow:
        return {Status::kUnreachable, handshake.error()};
      case Handshake::Status::kIncompatible:
        return {Status::kIncompatible, handshake.error()};
    }
  }
}

PreflightResult Attempt(const Endpoint& endpoint, const SocketAddress& address,
                        const TlsContext* tls, Clock::time_point deadline) {
  std::string error;
  const std::unique_ptr<Transport> transport = Transport::Connect(endpoint, address, tls, &error);
  if (transport == nullptr) return {Status::kUnreachable, error};
  error = Complete(*transport, deadline, [&] { return transport->Establish(); });
  if (!error.empty()) return {Status::kUnreachable, error};
  return ShakeHands(endpoint, transport.get(), deadline);
}

}  // namespace

PreflightResult Preflight(const Endpoint& endpoint, const TlsContext* tls,
                          std::chrono::milliseconds timeout) {
  Lookup lookup;
  if (endpoint.kind != Endpoint::Kind::kUnix) {
    lookup.host = endpoint.host;
    lookup.port = endpoint.port;
    Resolver::Run(&lookup);
    if (!lookup.error.empty()) return {Status::kUnreachable, lookup.error};
  } else {
    lookup.addresses.emplace_back();  // The path says it all.
  }
  const Clock::time_point deadline = Clock::now() + timeout;
  PreflightResult result;
  for (const SocketAddress& address : lookup.addresses) {
    result = Attempt(endpoint, address, tls, deadline);
    if (result.status != Status::kUnreachable) break;
  }
  return result;
}

}  // namespace chaac
