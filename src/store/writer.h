// Writer: the exactly-once machine of one event loop. It numbers batches under a fence in the
// store, keeps the one in flight until its fate is known, sends it again after a lost reply, and
// takes a new identity whenever a batch is given up, so that a (writer, sequence) never means two
// things. Pure: no I/O, no clock, no randomness of its own. Not thread-safe: its loop owns it.
//
// One batch is in flight at a time. Commands are appended to a buffer that the caller sends in
// order; every reply is handed back in order.
//
// With AckPolicy::replicas a WAIT travels behind each commit, and what would acknowledge (APPLIED,
// REPEATED, KNOWN) counts only once so many replicas have confirmed it. Until then the same batch
// is sent again: its repeat performs a write, so that WAIT covers the commit on any connection.
//
// One address may answer for several nodes in turn, whose data differ. So a batch in doubt is
// proven not to be applied only by the one node that may have applied it. What another node says of
// it, such as that its own fence is behind, proves nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/time.h"
#include "store/commit.h"
#include "store/options.h"
#include "store/resp.h"
#include "store/store_node.h"

namespace chaac {

// What became of the batch in flight.
enum class Fate : std::uint8_t {
  kUndecided,     // Nothing is known yet.
  kApplied,       // Committed, once.
  kNotApplied,    // Certainly not, and it never will be: may be sealed anew.
  kKnownIds,      // Not applied: reply is {KNOWN, position, digest, …}.
  kRefused,       // Not applied: reply is {REFUSED, municipality from 1 or 0, key, error}.
  kFull,          // Not applied: reply is {FULL, municipality from 1}.
  kIdWindowFull,  // Not applied.
  kStoreRefused,  // Not applied: the store answers writes with the error in reply.
  kUnknown,       // Nobody can tell.
};

// Counted by the loop's thread, read by any.
struct WriterMetrics {
  Counter resends;   // Batches sent again after their reply was lost.
  Counter renewals;  // Batches given up, and with them the writer's id.
  // Acknowledged, and missing in the store: a lost AOF tail, a failover. What a primary lacks that
  // was replaced already is not counted: its successor may have it.
  Counter lost_batches;
  Counter ack_shortfalls;  // WAITs that ended with fewer replicas than AckPolicy asks for.
};

// What the store must have confirmed before a batch is acknowledged, besides its primary.
struct AckPolicy {
  std::uint32_t replicas = 0;           // 0: the primary alone.
  std::chrono::milliseconds wait{500};  // One WAIT; then the batch is sent again. At least 1 ms.
};

class Writer {
 public:
  // A lost fence shows within this time; far below StoreOptions::fence_ttl.
  static constexpr std::chrono::hours kFenceRefreshInterval{1};

  // `options` outlives the writer. `new_id` makes a random 128-bit id, in hexadecimal. `ids_block`:
  // how many report ids are leased at once; REQUIRES: at least as many as any one batch takes.
  Writer(const StoreOptions* options, std::function<std::string()> new_id, std::uint32_t ids_block,
         WriterMetrics* metrics, AckPolicy ack = {});

  // The connection to `node` is ready for commands, or is lost with all replies still due.
  void OnLinkUp(const StoreNode& node, std::string* out);
  void OnLinkDown();

  // True when a batch that takes `ids` report ids may be sent now.
  [[nodiscard]] bool ReadyFor(std::uint32_t ids) const;

  // The first of `count` consecutive report ids. REQUIRES: ReadyFor(count).
  [[nodiscard]] std::uint64_t TakeIds(std::uint32_t count);

  // The header under which the next batch is to be encoded. REQUIRES: ReadyFor(0).
  [[nodiscard]] CommitHeader NextHeader(MonotonicTime now);

  // Sends the batch that was encoded under NextHeader(). The buffer returns empty, its memory kept.
  void Send(std::string* command, std::string* out);

  // The next reply. Any fate but kUndecided means that no batch is in flight any more; the details
  // named at Fate are then in Verdict(reply).
  [[nodiscard]] Fate OnReply(const redisReply& reply);
  // The commit's own reply, where `reply`, which decided the fate, is that of its WAIT.
  [[nodiscard]] const redisReply& Verdict(const redisReply& reply) const {
    return verdict_ == nullptr ? reply : *verdict_;
  }

  // Sends again what a passing fault of the store has held up. Call it every few tens of
  // milliseconds.
  void OnTick(std::string* out) { Pump(out); }

  // Replies are due on this connection.
  [[nodiscard]] bool AwaitsReply() const { return !expected_.empty(); }
  // Why the store gives out no ids for reports at present; empty when it does.
  [[nodiscard]] const std::string& lease_error() const { return lease_error_; }
  // A reply to the batch was lost: whether it was applied is not known at present.
  [[nodiscard]] bool InDoubt() const { return has_batch_ && in_doubt_; }
  // The batch in flight is committed, but too few replicas have confirmed it so far.
  [[nodiscard]] bool AwaitsReplicas() const {
    return has_batch_ && (verdict_ != nullptr || short_of_replicas_);
  }

 private:
  enum class Expect : std::uint8_t { kLoad, kOpen, kLease, kCommit, kWait };

  void Pump(std::string* out);
  void OnLease(const redisReply& reply);
  [[nodiscard]] Fate OnCommit(const redisReply& reply);
  [[nodiscard]] Fate OnCommitError(std::string_view error);
  [[nodiscard]] Fate OnWait(const redisReply& reply);
  [[nodiscard]] Fate Acknowledge(const redisReply& verdict);
  [[nodiscard]] bool WritesAreUnderWay() const;
  void NoteDoubt();
  [[nodiscard]] Fate GiveUpAs(Fate refusal);
  [[nodiscard]] bool NodeWasReplaced() const;
  [[nodiscard]] Fate GiveUp(Fate fate);
  [[nodiscard]] bool LeaseIsLow() const;

  const StoreOptions* options_;
  std::function<std::string()> new_id_;
  const std::uint32_t ids_block_;
  WriterMetrics* metrics_;
  const AckPolicy ack_;

  // How many replaced primaries are remembered: failovers within the life of one server.
  static constexpr std::size_t kReplacedNodesMax = 16;

  bool link_up_ = false;
  StoreNode node_;                     // At the other end of this connection.
  std::vector<std::string> replaced_;  // Ids of primaries whose successors were met.
  std::vector<Expect> expected_;       // Replies due, in order: few, and a deque would allocate.

  std::string id_;
  std::uint64_t last_sequence_ = 0;  // Of the last batch known to be applied under id_.
  bool opened_ = false;              // The store has confirmed the fence.
  bool open_sent_ = false;           // On this connection.
  bool replies_lost_ = false;    // Since id_ was taken: copies of its commands may be under way.
  std::string fence_to_delete_;  // Of an earlier id, when no copy of its commands can exist.
  MonotonicTime fence_refreshed_at_{};
  bool fence_may_have_expired_ = false;  // Before the batch in flight: nothing was sent for long.

  std::string batch_;  // The command in flight, for sending again.
  bool has_batch_ = false;
  bool batch_sent_ = false;  // On this connection, and its reply is due.
  bool in_doubt_ = false;
  std::string doubtful_node_;       // The only node that may have applied it; empty: not one alone.
  ReplyPtr verdict_;                // Would acknowledge the batch; its WAIT is due or has decided.
  bool short_of_replicas_ = false;  // The last WAIT for the batch in flight was in vain.

  bool load_needed_ = false;
  bool lease_sent_ = false;
  std::string lease_error_;
  std::uint64_t ids_next_ = 0;  // The block in use: [ids_next_, ids_end_).
  std::uint64_t ids_end_ = 0;
  std::uint64_t spare_next_ = 0;  // The block after it.
  std::uint64_t spare_end_ = 0;
};

}  // namespace chaac
