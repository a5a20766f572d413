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

Link::Link(EventLoop* loop, const Environment* environment, std::string name,
           LinkListener* listener, LinkMetrics* metrics)
    : loop_(loop),
      environment_(environment),
      name_(std::move(name)),
      listener_(listener),
      metrics_(metrics),
      target_(environment->endpoint),
      handshake_(environment->endpoint, environment->waits),
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
      if (!transport_->IsConnected() && now >= connect_deadline_) {
        Fail("the address does not answer");
        return;
      }
      break;
    case State::kShakingHands:
      break;
  }
  if (now >= deadline_) Fail("no answer in time");
}

void Link::StartAttempt() {
  is_asking_ = FollowsSentinels();
  StartConnecting(is_asking_ ? environment_->sentinels.addresses[sentinel_]
                             : environment_->endpoint);
}

void Link::StartConnecting(Endpoint target) {
  target_ = std::move(target);
  deadline_ =
      loop_->Now() + (is_asking_ ? Sentinels::kAskTimeout : environment_->limits.establish_timeout);
  if (target_.kind == Endpoint::Kind::kUnix) {
    Connect({});
    return;
  }
  state_ = State::kResolving;
  lookup_ = environment_->resolver->Start(target_.host, target_.port);
}

void Link::Connect(const SocketAddress& address) {
  std::string error;
  transport_ = Transport::Connect(target_, address, environment_->tls, &error);
  if (transport_ == nullptr) {
    Fail(error);
    return;
  }
  state_ = State::kEstablishing;
  connect_deadline_ = loop_->Now() + environment_->limits.connect_timeout;
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
  if (is_asking_) {
    question_.Start(target_, environment_->sentinels.primary, &output_);
  } else {
    handshake_.Start(&output_);
  }
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

void Link::HandleSentinel(const redisReply& reply) {
  switch (question_.OnReply(reply)) {
    case SentinelQuestion::Status::kMore:
      return;
    case SentinelQuestion::Status::kNotNow:
    case SentinelQuestion::Status::kRefused:
      Fail(question_.error());
      return;
    case SentinelQuestion::Status::kAnswered:
      break;
  }
  Disconnect();
  is_asking_ = false;
  sentinels_tried_ = 0;
  Endpoint primary = environment_->endpoint;
  primary.host = question_.host();
  primary.port = question_.port();
  StartConnecting(std::move(primary));
}

void Link::HandleReply(const redisReply& reply) {
  if (state_ == State::kUp) {
    listener_->OnLinkReply(reply);
    return;
  }
  if (is_asking_) return HandleSentinel(reply);
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
  metrics_->connects.Add();
  metrics_->up.Set(1);
  const std::string address = Redacted(target_);
  metrics_->status.Set({.address = address, .error = {}});
  LogDebug("connection to the store is up",
           {{"chaac.connection", name_}, {"server.address", address}});
  listener_->OnLinkUp();
}

void Link::Reconnect(std::string_view reason) {
  if (transport_ != nullptr) Fail(reason);
}

void Link::Disconnect() {
  if (transport_ != nullptr) loop_->Remove(transport_->fd());
  transport_.reset();
  reader_.reset();
  lookup_.reset();
  output_.clear();
  sent_ = 0;
  state_ = State::kWaiting;
}

void Link::Fail(std::string_view reason) {
  const std::string why(reason);  // `reason` may live in what is torn down here.
  const bool was_up = state_ == State::kUp;
  Disconnect();
  const std::string address = Redacted(target_);
  metrics_->status.Set({.address = address, .error = why});
  LogDebug(was_up ? "connection to the store lost" : "attempt to reach the store failed",
           {{"chaac.connection", name_}, {"server.address", address}, {"error.message", why}});
  metrics_->up.Set(0);
  if (FollowsSentinels()) sentinel_ = (sentinel_ + 1) % environment_->sentinels.addresses.size();
  if (is_asking_) {
    metrics_->sentinel_failures.Add();
    if (++sentinels_tried_ < environment_->sentinels.addresses.size()) {
      deadline_ = loop_->Now();  // The next tick asks the next one.
      return;
    }
    sentinels_tried_ = 0;
  }
  metrics_->failures.Add();

  std::uniform_real_distribution<double> fraction(0.5, 1.0);
  deadline_ = loop_->Now() +
              std::chrono::duration_cast<std::chrono::milliseconds>(backoff_ * fraction(jitter_));
  backoff_ = std::min(backoff_ * 2, FollowsSentinels() ? environment_->limits.sentinel_backoff_max
                                                       : environment_->limits.backoff_max);
  if (was_up) listener_->OnLinkDown();
}

}  // namespace chaac
