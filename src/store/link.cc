// Connect, shake hands, serve, fail, wait, and again.
#include "store/link.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace chaac {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

}  // namespace

Link::Link(EventLoop* loop, const Environment* environment, LinkListener* listener,
           LinkMetrics* metrics)
    : loop_(loop),
      environment_(environment),
      listener_(listener),
      metrics_(metrics),
      handshake_(environment->endpoint),
      read_bytes_(kReadBytes),
      backoff_(environment->limits.backoff_min),
      jitter_(std::random_device{}()) {}

Link::~Link() {
  if (transport_ != nullptr) loop_->Remove(transport_->fd());
}

void Link::OnTick() {
  const MonotonicTime now = loop_->Now();
  switch (state_) {
    case State::kUp:
      return;
    case State::kWaiting:
      if (now >= deadline_) StartAttempt();
      return;
    case State::kResolving:
      if (lookup_->done.load(std::memory_order_acquire)) {
        const std::shared_ptr<Lookup> lookup = std::move(lookup_);
        if (lookup->error.empty()) {
          // One an attempt: a name may stand for more addresses than the store listens on.
          Connect(lookup->addresses[attempts_++ % lookup->addresses.size()]);
        } else {
          Fail("the name " + lookup->host + " cannot be resolved: " + lookup->error);
        }
        return;
      }
      break;
    case State::kEstablishing:
    case State::kShakingHands:
      break;
  }
  if (now >= deadline_) Fail("no answer in time");
}

void Link::StartAttempt() {
  deadline_ = loop_->Now() + environment_->limits.establish_timeout;
  const Endpoint& endpoint = environment_->endpoint;
  if (endpoint.kind == Endpoint::Kind::kUnix) {
    Connect({});
    return;
  }
  state_ = State::kResolving;
  lookup_ = environment_->resolver->Start(endpoint.host, endpoint.port);
}

void Link::Connect(const SocketAddress& address) {
  std::string error;
  transport_ = Transport::Connect(environment_->endpoint, address, environment_->tls, &error);
  if (transport_ == nullptr) {
    Fail(error);
    return;
  }
  state_ = State::kEstablishing;
  watching_writes_ = true;
  loop_->Add(transport_->fd(), EPOLLIN | EPOLLOUT, this);
}

void Link::OnEvents(std::uint32_t epoll_events) {
  if (state_ == State::kEstablishing) {
    ContinueEstablishing();
    return;
  }
  if ((epoll_events & EPOLLOUT) != 0) Flush();
  if (transport_ != nullptr && (epoll_events & ~std::uint32_t{EPOLLOUT}) != 0) ReadReplies();
}

void Link::ContinueEstablishing() {
  switch (transport_->Establish()) {
    case Transport::Io::kProgress:
      break;
    case Transport::Io::kWantRead:
      Watch(/*for_writing=*/false);
      return;
    case Transport::Io::kWantWrite:
      Watch(/*for_writing=*/true);
      return;
    case Transport::Io::kClosed:
      Fail(transport_->error());
      return;
  }
  state_ = State::kShakingHands;
  reader_ = std::make_unique<ReplyReader>();
  output_.clear();
  sent_ = 0;
  handshake_.Start(&output_);
  Flush();
}

void Link::Watch(bool for_writing) {
  if (for_writing == watching_writes_) return;
  watching_writes_ = for_writing;
  loop_->Modify(transport_->fd(), for_writing ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void Link::Flush() {
  while (sent_ < output_.size()) {
    std::size_t count = 0;
    switch (transport_->Write(std::string_view(output_).substr(sent_), &count)) {
      case Transport::Io::kProgress:
        sent_ += count;
        break;
      case Transport::Io::kWantRead:
        return;  // TLS: goes on after the next read.
      case Transport::Io::kWantWrite:
        Watch(/*for_writing=*/true);
        return;
      case Transport::Io::kClosed:
        Fail(transport_->error());
        return;
    }
  }
  output_.clear();
  sent_ = 0;
  if (transport_ != nullptr) Watch(/*for_writing=*/false);
}

void Link::ReadReplies() {
  while (true) {
    std::size_t count = 0;
    switch (transport_->Read(read_bytes_.data(), read_bytes_.size(), &count)) {
      case Transport::Io::kProgress:
        break;
      case Transport::Io::kClosed:
        Fail(transport_->error());
        return;
      case Transport::Io::kWantRead:
      case Transport::Io::kWantWrite:
        return;
    }
    reader_->Feed(std::string_view(read_bytes_.data(), count));
    ReplyPtr reply;
    while (true) {
      const ReplyReader::Status status = reader_->Next(&reply);
      if (status == ReplyReader::Status::kProtocolError) {
        Fail("what it answers is not RESP");
        return;
      }
      if (status == ReplyReader::Status::kNeedMore) break;
      HandleReply(*reply);
      if (transport_ == nullptr) return;  // The reply made us give the connection up.
    }
    if (count < read_bytes_.size()) return;
  }
}

void Link::HandleReply(const redisReply& reply) {
  if (state_ == State::kUp) {
    listener_->OnLinkReply(reply);
    return;
  }
  switch (handshake_.OnReply(reply)) {
    case Handshake::Status::kMore:
      return;
    case Handshake::Status::kNotNow:
    case Handshake::Status::kIncompatible:
      Fail(handshake_.error());
      return;
    case Handshake::Status::kReady:
      break;
  }
  state_ = State::kUp;
  backoff_ = environment_->limits.backoff_min;
  attempts_ = 0;
  last_error_.clear();
  metrics_->connects.Add();
  metrics_->up.Set(1);
  LogInfo("store connected", {{"server.address", Redacted(environment_->endpoint)}});
  listener_->OnLinkUp();
}

void Link::Reconnect(std::string_view reason) {
  if (transport_ != nullptr) Fail(reason);
}

void Link::Fail(std::string_view reason) {
  const std::string why(reason);  // `reason` may live in what is torn down here.
  const bool was_up = state_ == State::kUp;
  if (transport_ != nullptr) loop_->Remove(transport_->fd());
  transport_.reset();
  reader_.reset();
  lookup_.reset();
  output_.clear();
  sent_ = 0;
  state_ = State::kWaiting;
  metrics_->failures.Add();
  metrics_->up.Set(0);

  std::uniform_real_distribution<double> fraction(0.5, 1.0);
  deadline_ = loop_->Now() +
              std::chrono::duration_cast<std::chrono::milliseconds>(backoff_ * fraction(jitter_));
  backoff_ = std::min(backoff_ * 2, environment_->limits.backoff_max);
  if (why != last_error_) {
    LogWarning(was_up ? "store connection lost, retrying" : "store cannot be used, retrying",
               {{"server.address", Redacted(environment_->endpoint)}, {"error.message", why}});
    last_error_ = why;
  }
  if (was_up) listener_->OnLinkDown();
}

}  // namespace chaac
