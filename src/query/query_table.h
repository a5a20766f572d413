// QueryTable: the queries that wait for the store, and answers that are a second old at most.
// Whoever asks what was asked a moment ago shares its read, so that a thousand pages cost the store
// as much as one. Pure: it appends commands to a buffer and takes replies; time is an argument. Not
// thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/mailbox.h"
#include "base/metrics.h"
#include "base/time.h"
#include "query/cached_body.h"
#include "query/query.h"
#include "query/snapshot.h"
#include "query/store_read.h"

namespace chaac {

struct QueryLimits {
  std::size_t reads_max = 64;  // Different queries that wait for the store: beyond, 503.
  std::size_t active_max = 4;  // Of them, reads under way; the others queue.
  std::size_t kept_bytes_max = std::size_t{8} * 1024 * 1024;  // Bodies; the oldest go first.
  std::chrono::milliseconds kept_for{1'000};
  std::chrono::milliseconds reply_timeout{2'000};  // From asking to 503.
};

// Counted by the table's thread, read by any.
struct QueryMetrics {
  Counter reads;          // Queries that were put to the store.
  Counter coalesced;      // Queries that shared the read of another.
  Counter refused;        // Over reads_max.
  Counter timeouts;       // Reads given up after reply_timeout.
  Counter failures;       // Reads that failed otherwise: no connection, or an error of the store.
  Gauge waiting;          // Reads that are not finished.
  Histogram duration_us;  // From asking to the answer, of those that succeeded.
};

struct QueryAnswer {
  std::optional<Error> error;  // If set, there is no body.
  CachedBody body;
};

using QueryAnswerPtr = std::shared_ptr<const QueryAnswer>;
using QueryDone = std::function<void(const QueryAnswerPtr&)>;

// Who asked. `done` runs on the loop of `asker`.
struct QueryWaiter {
  std::shared_ptr<Mailbox> asker;
  QueryDone done;
};

class QueryTable {
 public:
  using Deliver = std::function<void(std::vector<QueryWaiter>, std::shared_ptr<const QueryAnswer>)>;

  // `board` and `metrics` outlive this. `series_ttl`: for how long the store keeps a minute.
  // `deliver` is called once for each waiter.
  QueryTable(QueryLimits limits, std::chrono::seconds series_ttl, const SnapshotBoard* board,
             Deliver deliver, QueryMetrics* metrics);

  // The answer may come within the call. Each function that takes `out` appends what is to be sent.
  void Ask(const Query& query, QueryWaiter waiter, MonotonicTime now, WallTime wall_now,
           std::string* out);

  void OnLinkUp() { link_up_ = true; }
  void OnLinkDown();
  void OnReply(const redisReply& reply, MonotonicTime now, WallTime wall_now, std::string* out);
  void OnTick(MonotonicTime now, WallTime wall_now, std::string* out);

  // The store owes a reply for longer than the limit.
  [[nodiscard]] bool ReplyIsOverdue(MonotonicTime now) const;

 private:
  struct Entry {
    Query query;
    std::string key;
    MonotonicTime asked_at{};
    std::unique_ptr<StoreRead> read;  // While it is under way.
    std::size_t replies_due = 0;      // Of its wave.
    std::vector<QueryWaiter> waiters;
    QueryAnswerPtr answer;  // Once it is known, until kept_until.
    MonotonicTime kept_until{};
  };
  using EntryPtr = std::shared_ptr<Entry>;

  struct PendingReply {
    EntryPtr entry;  // One that was given up takes no more replies.
    MonotonicTime sent_at;
  };

  void Start(MonotonicTime now, WallTime wall_now, std::string* out);
  void Advance(const EntryPtr& entry, MonotonicTime now, std::string* out);
  void Finish(const EntryPtr& entry, MonotonicTime now);
  void Fail(const EntryPtr& entry, Error error);
  void Answer(const EntryPtr& entry, QueryAnswerPtr answer);
  void Keep(const EntryPtr& entry, MonotonicTime now);
  void ForgetOldest();
  void NoteWaiting();

  const QueryLimits limits_;
  const std::chrono::seconds series_ttl_;
  const SnapshotBoard* board_;
  const Deliver deliver_;
  QueryMetrics* metrics_;
  bool link_up_ = false;

  std::unordered_map<std::string, EntryPtr> entries_;  // By key: unfinished, and kept.
  std::deque<EntryPtr> queued_;                        // Not started.
  std::vector<EntryPtr> active_;                       // With a read under way.
  std::deque<PendingReply> pending_;                   // In the order of their commands.
  std::deque<EntryPtr> kept_;                          // The oldest first.
  std::size_t kept_bytes_ = 0;
};

}  // namespace chaac
