// Link: one loop's connection to the store, kept alive: connects, shakes hands, reads replies, and
// after any failure tries again with growing, jittered pauses. Decides nothing about commits. With
// Sentinels, every attempt begins by asking them, in turn, where the primary is; after a failure of
// any kind the next one is asked, so that none that is dead or wrong can hold the link.
// Not thread-safe: everything happens on its event loop's thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "base/metrics.h"
#include "store/endpoint.h"
#include "store/handshake.h"
#include "store/resolver.h"
#include "store/resp.h"
#include "store/sentinel.h"
#include "store/transport.h"

namespace chaac {

struct LinkLimits {
  std::chrono::milliseconds establish_timeout{
      2'000};  // From connect() to the handshake's last reply.
  // For the address to accept the connection. A node that is gone may answer nothing at all, and
  // its name leads elsewhere soon: so shorter, and tried again.
  std::chrono::milliseconds connect_timeout{500};
  std::chrono::milliseconds backoff_min{50};     // The first pause between two attempts;
  std::chrono::milliseconds backoff_max{2'000};  // it doubles up to this. Jitter takes up to half.
  // The same with Sentinels: they are quick to ask, and a promotion is to be seen soon.
  std::chrono::milliseconds sentinel_backoff_max{250};
};

// Whom a link reached or tried last, and why that failed. Written by the link's thread, read by
// any.
class LinkStatus {
 public:
  struct Value {
    std::string address;  // As a URL without its password.
    std::string error;    // Empty: it was reached.
  };
  void Set(Value value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
  }
  [[nodiscard]] Value Get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  Value value_;  // Guarded by mutex_.
};

// Counted by the link's thread, read by any.
struct LinkMetrics {
  Gauge up;  // 1 while commands can be sent.
  Counter connects;
  Counter failures;           // Attempts that failed and connections that were lost.
  Counter sentinel_failures;  // Sentinels that did not say where the primary is.
  LinkStatus status;
};

class LinkListener {
 public:
  virtual void OnLinkUp() = 0;
  virtual void OnLinkDown() = 0;  // All replies that were due are lost.
  virtual void OnLinkReply(const redisReply& reply) = 0;

 protected:
  ~LinkListener() = default;
};

class Link final : private EventHandler {
 public:
  // What all links of the process share; outlives them.
  struct Environment {
    Endpoint endpoint;
    const TlsContext* tls = nullptr;  // Needed for Kind::kTls.
    Resolver* resolver = nullptr;
    LinkLimits limits;
    Sentinels sentinels{};  // When there are any, `endpoint` tells all but host and port.
    bool waits = false;     // Whether WAIT will be sent.
  };

  // `name` tells this link from others in the log. All pointers outlive this.
  Link(EventLoop* loop, const Environment* environment, std::string name, LinkListener* listener,
       LinkMetrics* metrics);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  [[nodiscard]] bool IsUp() const { return state_ == State::kUp; }

  // Who is at the other end. REQUIRES: IsUp().
  [[nodiscard]] const StoreNode& node() const { return handshake_.node(); }

  // Commands to be sent with the next Flush(). REQUIRES: IsUp().
  [[nodiscard]] std::string* output() { return &output_; }
  void Flush();

  // Gives the connection up and connects anew, for example when replies stay away.
  void Reconnect(std::string_view reason);

  // To be called on every tick of the loop.
  void OnTick();

 private:
  enum class State : std::uint8_t { kWaiting, kResolving, kEstablishing, kShakingHands, kUp };

  void OnEvents(std::uint32_t epoll_events) override;
  void StartAttempt();
  void StartConnecting(Endpoint target);
  void Connect(const SocketAddress& address);
  void ContinueEstablishing();
  void ReadReplies();
  void HandleReply(const redisReply& reply);
  void HandleSentinel(const redisReply& reply);
  void Disconnect();
  [[nodiscard]] bool FollowsSentinels() const { return !environment_->sentinels.addresses.empty(); }
  void Fail(std::string_view reason);
  void Watch(bool for_writing);

  EventLoop* loop_;
  const Environment* environment_;
  const std::string name_;
  LinkListener* listener_;
  LinkMetrics* metrics_;

  State state_ = State::kWaiting;
  Endpoint target_;           // Of the attempt under way: the store, or one of the Sentinels.
  bool is_asking_ = false;    // It is a Sentinel.
  std::size_t sentinel_ = 0;  // Whose turn it is.
  std::size_t sentinels_tried_ = 0;  // Without an answer, since the last pause.
  SentinelQuestion question_;
  std::shared_ptr<Lookup> lookup_;
  std::size_t attempts_ = 0;  // Since the connection was last up.
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<ReplyReader> reader_;
  Handshake handshake_;
  std::vector<char> read_bytes_;  // Not on the stack, where it would be cleared for every reply.
  std::string output_;
  std::size_t sent_ = 0;  // Bytes of output_ that have left.
  bool watching_writes_ = false;
  MonotonicTime deadline_{};          // Of the pause, or of the attempt.
  MonotonicTime connect_deadline_{};  // For the address to accept the connection.
  std::chrono::milliseconds backoff_;
  std::minstd_rand jitter_;
};

}  // namespace chaac
