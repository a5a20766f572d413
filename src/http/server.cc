// Wires the listener, the connections and their deadlines to the loop.
#include "http/server.h"

#include <unistd.h>

#include <memory>
#include <utility>
#include <vector>

#include "http/connection.h"

namespace chaac {

struct HttpServer::Impl {
  Impl(EventLoop* loop, const ListenAddress& address, const HttpLimits& limits,
       RequestHandler* handler, HttpMetrics* metrics)
      : context(loop, limits, handler, metrics),
        listener(loop, address,
                 {.accepted = [this](int fd) { Accept(fd); },
                  .refused = [this] { context.metrics->connections_refused.Add(); }}),
        port(listener.port()) {
    loop->AtRoundEnd([this] { SendUnsent(); });
    loop->OnTick([this] { ExpireDeadlines(); });
  }

  void Accept(int fd) {
    if (connections.size() - context.free.size() >= context.limits.connections_max) {
      context.metrics->connections_refused.Add();
      close(fd);
      return;
    }
    if (context.free.empty()) {
      const auto index = static_cast<std::uint32_t>(connections.size());
      connections.push_back(std::make_unique<Connection>(&context, index));
      context.free.push_back(index);
    }
    const std::uint32_t index = context.free.back();
    context.free.pop_back();
    context.metrics->connections_accepted.Add();
    connections[index]->Open(fd);
  }

  // nullptr: the connection of `token` has gone.
  [[nodiscard]] Connection* Find(RequestToken token) const {
    if (token.connection >= connections.size()) return nullptr;
    Connection* const connection = connections[token.connection].get();
    return connection->generation() == token.generation ? connection : nullptr;
  }

  void SendUnsent() {
    // The source of a stream may write to others meanwhile, which adds them.
    std::size_t done = 0;
    while (done < context.unsent.size()) context.unsent[done++]->SendUnsent();
    context.unsent.clear();
  }

  void ExpireDeadlines() {
    const MonotonicTime now = context.loop->Now();
    while (Connection* const expired = context.idle.PopExpired(now)) expired->OnIdleTimeout();
    while (Connection* const expired = context.receive.PopExpired(now)) expired->OnReceiveTimeout();
    while (Connection* const expired = context.send.PopExpired(now)) expired->OnSendTimeout();
    while (Connection* const expired = context.drain.PopExpired(now)) expired->OnSendTimeout();
    while (Connection* const expired = context.linger.PopExpired(now)) expired->Close();
    while (Connection* const expired = context.first.PopExpired(now)) expired->Close();
    listener.OnTick();
  }

  ConnectionContext context;
  std::vector<std::unique_ptr<Connection>> connections;  // Never shrinks: indexes are in tokens.
  Listener listener;
  std::uint16_t port;
};

HttpServer::HttpServer(EventLoop* loop, const ListenAddress& address, HttpLimits limits,
                       RequestHandler* handler, HttpMetrics* metrics)
    : impl_(std::make_unique<Impl>(loop, address, limits, handler, metrics)) {}

HttpServer::~HttpServer() = default;

void HttpServer::Respond(RequestToken token, const Response& response) {
  if (Connection* const connection = impl_->Find(token)) {
    connection->Respond(token.sequence, response);
  }
}

void HttpServer::RespondError(RequestToken token, const Error& error,
                              std::string_view extra_headers) {
  if (Connection* const connection = impl_->Find(token)) {
    connection->RespondError(token.sequence, error, extra_headers);
  }
}

void HttpServer::RespondShared(RequestToken token, const Response& head,
                               std::shared_ptr<const StreamChunk> body) {
  if (Connection* const connection = impl_->Find(token)) {
    connection->RespondShared(token.sequence, head, std::move(body));
  }
}

StreamStart HttpServer::BeginStream(RequestToken token, const Response& head, StreamKind kind,
                                    StreamSource* source) {
  Connection* const connection = impl_->Find(token);
  if (connection == nullptr) return StreamStart::kOver;
  return connection->BeginStream(token.sequence, head, kind, source);
}

StreamWrite HttpServer::WriteStream(RequestToken token, std::shared_ptr<const StreamChunk> chunk) {
  Connection* const connection = impl_->Find(token);
  if (connection == nullptr) return StreamWrite::kGone;
  return connection->WriteStream(token.sequence, std::move(chunk));
}

void HttpServer::EndStream(RequestToken token) {
  if (Connection* const connection = impl_->Find(token)) connection->EndStream(token.sequence);
}

void HttpServer::CutStream(RequestToken token) {
  if (Connection* const connection = impl_->Find(token)) connection->CutStream(token.sequence);
}

void HttpServer::AnnounceClose() {
  if (impl_->context.phase == Phase::kServing) impl_->context.phase = Phase::kAnnouncing;
}

void HttpServer::Drain() {
  if (impl_->context.phase == Phase::kDraining) return;
  impl_->listener.Stop();
  impl_->context.phase = Phase::kDraining;
  for (const auto& connection : impl_->connections) connection->Drain();
}

bool HttpServer::Idle() const { return impl_->connections.size() == impl_->context.free.size(); }

std::uint16_t HttpServer::port() const { return impl_->port; }

}  // namespace chaac
