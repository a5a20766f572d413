// GET /api/stream: every snapshot as a Server-Sent Event, to all who listen on this loop. Something
// is sent every few seconds whatever happens, so that neither side nor a proxy between takes a
// connection for dead: the newest snapshot, or that the store cannot be read. A listener that is
// behind gets the newest event when it has taken the last, and misses those between. Not
// thread-safe: it belongs to its loop; ListenerCount is shared by all loops.
// Limit: ListenerCount's; a listener holds one event, which all share.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "base/event_loop.h"
#include "base/metrics.h"
#include "base/time.h"
#include "http/handler.h"
#include "http/responder.h"
#include "http/stream.h"
#include "query/snapshot.h"

namespace chaac {

struct StreamLimits {
  std::uint32_t listeners_max = 2'000;  // Of the process: some 10 ms of CPU time a second.
};

// How many listen, in the whole process. Thread-safe.
class ListenerCount {
 public:
  explicit ListenerCount(const StreamLimits& limits) : max_(limits.listeners_max) {}

  enum class Admission : std::uint8_t { kAdmitted, kFull };
  [[nodiscard]] Admission Join();
  void Leave() { count_.fetch_sub(1, std::memory_order_relaxed); }  // REQUIRES: has joined.

  [[nodiscard]] std::uint32_t max() const { return max_; }

 private:
  const std::uint32_t max_;
  std::atomic<std::uint32_t> count_{0};
};

// Written by the loop's thread, read by any.
struct StreamMetrics {
  Gauge listeners;
  Counter events;   // Given to listeners.
  Counter dropped;  // Listeners that did not read in time.
};

class StreamEndpoint final : private StreamSource {
 public:
  // Figures that are older than this are not current: listeners are told, once an interval.
  static constexpr std::chrono::seconds kStaleAfter{5};
  static constexpr std::chrono::seconds kStaleInterval{1};
  // Listeners that are served in one round, half a millisecond: reports must not wait for all.
  static constexpr std::size_t kListenersPerRound = 64;

  // All pointers outlive this.
  StreamEndpoint(EventLoop* loop, const SnapshotBoard* board, ListenerCount* count,
                 Responder* responder, StreamMetrics* metrics);

  void OnGet(const Request& request, RequestToken token);
  // To be called on every tick of the loop, and at the end of every round before the server sends.
  void OnTick();
  void AtRoundEnd();

 private:
  using Key = std::pair<std::uint32_t, std::uint32_t>;  // Connection and sequence.
  struct Listener {
    RequestToken token{};
    std::uint64_t event = 0;  // The last it was given.
  };

  void OnStreamRoom(RequestToken token) override;
  void OnStreamGone(RequestToken token, StreamLoss why) override;
  void Refresh();
  void SetEvent(std::shared_ptr<const StreamChunk> event);
  void Give(Listener* listener);
  [[nodiscard]] static Key KeyOf(RequestToken token) { return {token.connection, token.sequence}; }

  EventLoop* loop_;
  const SnapshotBoard* board_;
  ListenerCount* count_;
  Responder* responder_;
  StreamMetrics* metrics_;
  const WallTime started_at_;

  std::map<Key, Listener> listeners_;
  std::shared_ptr<const StreamChunk> event_;  // Null when nobody listens.
  std::uint64_t event_number_ = 0;            // Of this loop's events, snapshots or not.
  std::uint64_t snapshot_number_ = 0;         // Of the last event that was a snapshot.
  MonotonicTime stale_told_at_{};
  bool serving_ = false;  // Some listeners behind next_ have not been given event_.
  Key next_{};
};

}  // namespace chaac
