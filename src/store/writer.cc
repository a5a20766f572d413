// The exactly-once machine: fence, sequence, doubt, and identity.
#include "store/writer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "store/library.h"

namespace chaac {
namespace {

// Errors with which the store refuses a command before it runs: nothing of it was applied.
constexpr std::array<std::string_view, 14> kRefusedOnEntry = {
    "OOM ",    "MISCONF ",    "READONLY ",    "NOREPLICAS ", "BUSY ",      "LOADING ", "NOAUTH ",
    "NOPERM ", "MASTERDOWN ", "CLUSTERDOWN ", "TRYAGAIN ",   "CROSSSLOT ", "MOVED ",   "ASK "};

bool IsRefusedOnEntry(std::string_view error) {
  // A command within the function may have been refused, when others had been applied already.
  if (error.find(" in script") != std::string_view::npos) return false;
  return std::any_of(kRefusedOnEntry.begin(), kRefusedOnEntry.end(),
                     [error](std::string_view prefix) { return error.starts_with(prefix); });
}

// The word that a commit's reply starts with: a status, or the first element of an array.
std::string_view VerdictOf(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_STATUS || reply.type == REDIS_REPLY_STRING) return TextOf(reply);
  return SizeOf(reply) > 0 ? TextOf(ElementOf(reply, 0)) : std::string_view();
}

}  // namespace

Writer::Writer(const StoreOptions* options, std::function<std::string()> new_id,
               std::uint32_t ids_block, WriterMetrics* metrics, AckPolicy ack)
    : options_(options),
      new_id_(std::move(new_id)),
      ids_block_(ids_block),
      metrics_(metrics),
      ack_(ack),
      id_(new_id_()) {}

void Writer::OnLinkUp(const StoreNode& node, std::string* out) {
  link_up_ = true;
  node_ = node;
  const std::string& replaced = node_.predecessor_id;
  if (!replaced.empty() &&
      std::find(replaced_.begin(), replaced_.end(), replaced) == replaced_.end()) {
    if (replaced_.size() == kReplacedNodesMax) replaced_.erase(replaced_.begin());
    replaced_.push_back(replaced);
  }
  Pump(out);
}

void Writer::OnLinkDown() {
  if (!expected_.empty()) replies_lost_ = true;
  if (has_batch_ && batch_sent_) NoteDoubt();
  link_up_ = false;
  open_sent_ = false;
  batch_sent_ = false;
  lease_sent_ = false;
  verdict_.reset();
  expected_.clear();
}

bool Writer::ReadyFor(std::uint32_t ids) const {
  return link_up_ && !has_batch_ && !load_needed_ &&
         (ids_end_ - ids_next_ >= ids || spare_end_ - spare_next_ >= ids);
}

std::uint64_t Writer::TakeIds(std::uint32_t count) {
  if (ids_end_ - ids_next_ < count) {
    ids_next_ = std::exchange(spare_next_, 0);
    ids_end_ = std::exchange(spare_end_, 0);
  }
  return std::exchange(ids_next_, ids_next_ + count);
}

CommitHeader Writer::NextHeader(MonotonicTime now) {
  const auto unrefreshed = now - fence_refreshed_at_;
  const bool refresh = unrefreshed >= kFenceRefreshInterval;
  fence_may_have_expired_ = unrefreshed >= options_->fence_ttl - kFenceRefreshInterval;
  if (refresh) fence_refreshed_at_ = now;
  return {.writer = id_, .sequence = last_sequence_ + 1, .refresh_fence = refresh};
}

void Writer::Send(std::string* command, std::string* out) {
  std::swap(batch_, *command);
  command->clear();
  has_batch_ = true;
  in_doubt_ = false;
  short_of_replicas_ = false;
  verdict_.reset();
  Pump(out);
}

bool Writer::LeaseIsLow() const {
  return spare_end_ == spare_next_ && ids_end_ - ids_next_ < ids_block_;
}

// Sends all that is due and not yet sent, in the order in which it must be applied.
void Writer::Pump(std::string* out) {
  if (!link_up_) return;
  const bool commit_due = has_batch_ && !batch_sent_;
  const bool lease_due = LeaseIsLow() && !lease_sent_;
  if (load_needed_ && (commit_due || lease_due)) {
    AppendCommand({"FUNCTION", "LOAD", kLibraryCode}, out);
    expected_.push_back(Expect::kLoad);
    load_needed_ = false;
  }
  if (lease_due) {
    AppendCommand({"FCALL", "chaac_lease_v1", "1", kLeaseKey, std::to_string(ids_block_)}, out);
    expected_.push_back(Expect::kLease);
    lease_sent_ = true;
  }
  if (!commit_due) return;
  if (!opened_ && !open_sent_) {
    const std::string ttl = std::to_string(options_->fence_ttl.count());
    if (fence_to_delete_.empty()) {
      AppendCommand({"FCALL", "chaac_open_v1", "1", FenceKey(id_), ttl}, out);
    } else {
      AppendCommand({"FCALL", "chaac_open_v1", "2", FenceKey(id_), fence_to_delete_, ttl}, out);
    }
    expected_.push_back(Expect::kOpen);
    open_sent_ = true;
  }
  if (in_doubt_ && !short_of_replicas_) metrics_->resends.Add();
  out->append(batch_);
  expected_.push_back(Expect::kCommit);
  batch_sent_ = true;
  if (ack_.replicas == 0) return;
  AppendCommand({"WAIT", std::to_string(ack_.replicas), std::to_string(ack_.wait.count())}, out);
  expected_.push_back(Expect::kWait);
}

Fate Writer::OnReply(const redisReply& reply) {
  if (expected_.empty()) return Fate::kUndecided;  // Not ours: the link sees to its own.
  const Expect expect = expected_.front();
  expected_.erase(expected_.begin());
  switch (expect) {
    case Expect::kLoad:  // An error shows in the command that follows.
      break;
    case Expect::kOpen:
      open_sent_ = false;
      opened_ = !IsError(reply);
      if (opened_) fence_to_delete_.clear();
      break;
    case Expect::kLease:
      OnLease(reply);
      break;
    case Expect::kCommit:
      return OnCommit(reply);
    case Expect::kWait:
      return OnWait(reply);
  }
  return Fate::kUndecided;
}

void Writer::OnLease(const redisReply& reply) {
  lease_sent_ = false;
  if (reply.type != REDIS_REPLY_INTEGER) {
    if (IsFunctionMissing(reply)) {
      load_needed_ = true;
    } else {
      lease_error_ = TextOf(reply);
    }
    return;
  }
  lease_error_.clear();
  const auto first = static_cast<std::uint64_t>(reply.integer);
  if (ids_next_ == ids_end_) {
    ids_next_ = first;
    ids_end_ = first + ids_block_;
  } else {
    spare_next_ = first;
    spare_end_ = first + ids_block_;
  }
}

Fate Writer::OnCommit(const redisReply& reply) {
  const std::string_view verdict = VerdictOf(reply);
  if (verdict == "APPLIED" || verdict == "REPEATED" || verdict == "KNOWN") {
    if (ack_.replicas == 0) return Acknowledge(reply);
    std::string bytes;  // The caller's reply ends with this call.
    AppendReply(reply, &bytes);
    ReplyReader reader;
    reader.Feed(bytes);
    if (reader.Next(&verdict_) == ReplyReader::Status::kReply) return Fate::kUndecided;
  }
  batch_sent_ = false;
  if (IsFunctionMissing(reply)) {
    load_needed_ = true;
    return Fate::kUndecided;
  }
  if (IsError(reply)) return OnCommitError(TextOf(reply));
  if (verdict == "REFUSED") return GiveUpAs(Fate::kRefused);
  if (verdict == "FULL") return GiveUpAs(Fate::kFull);
  if (verdict == "IDSFULL") return GiveUpAs(Fate::kIdWindowFull);
  // The fence was closed by this batch itself: the answer that said why was lost.
  if (verdict == "CLOSED") return GiveUpAs(Fate::kNotApplied);
  if (verdict == "GAP") {
    // The fence was behind, and is closed now: this batch is not in this node, and never will be.
    const auto last = SizeOf(reply) > 1 ? ElementOf(reply, 1).integer : 0;
    if (!NodeWasReplaced()) {
      metrics_->lost_batches.Add(last_sequence_ -
                                 static_cast<std::uint64_t>(std::max<long long>(last, 0)));
    }
    return GiveUpAs(Fate::kNotApplied);
  }
  if (verdict == "NOFENCE") {
    // Flushed, never created, or lost with all that was committed under it. A batch in doubt may
    // have been applied before the fence went.
    if (!fence_may_have_expired_ && !NodeWasReplaced()) metrics_->lost_batches.Add(last_sequence_);
    return GiveUp(in_doubt_ ? Fate::kUnknown : Fate::kNotApplied);
  }
  return GiveUp(Fate::kUnknown);
}

// REQUIRES: `verdict` is APPLIED, REPEATED or KNOWN, and as safe as the policy asks for.
Fate Writer::Acknowledge(const redisReply& verdict) {
  batch_sent_ = false;
  if (VerdictOf(verdict) == "KNOWN") return GiveUpAs(Fate::kKnownIds);
  ++last_sequence_;
  has_batch_ = false;
  in_doubt_ = false;
  return Fate::kApplied;
}

Fate Writer::OnWait(const redisReply& reply) {
  if (verdict_ == nullptr || !batch_sent_) return Fate::kUndecided;  // The commit was refused.
  const bool is_safe = reply.type == REDIS_REPLY_INTEGER && reply.integer >= ack_.replicas;
  if (is_safe) return Acknowledge(*verdict_);
  const bool is_known = VerdictOf(*verdict_) == "KNOWN";
  verdict_.reset();
  batch_sent_ = false;
  metrics_->ack_shortfalls.Add();
  // This batch closed its writer: the same ids are asked for again under another.
  if (is_known) return GiveUpAs(Fate::kNotApplied);
  short_of_replicas_ = true;
  NoteDoubt();  // A failover may undo it: only an answer to the same batch tells.
  return Fate::kUndecided;
}

Fate Writer::OnCommitError(std::string_view error) {
  if (!IsRefusedOnEntry(error)) return GiveUp(Fate::kUnknown);
  // This copy was not applied. An earlier one, whose reply was lost, may have been: keep asking.
  return in_doubt_ ? Fate::kUndecided : GiveUp(Fate::kStoreRefused);
}

// Commands whose replies are due might change something when they arrive.
bool Writer::WritesAreUnderWay() const {
  return std::any_of(expected_.begin(), expected_.end(),
                     [](Expect expect) { return expect != Expect::kWait; });
}

// This node may have applied the batch in flight, or an earlier one may.
void Writer::NoteDoubt() {
  if (!in_doubt_) {
    doubtful_node_ = node_.replication_id;
  } else if (doubtful_node_ != node_.replication_id) {
    doubtful_node_.clear();
  }
  in_doubt_ = true;
}

// This node has not applied the batch in flight. That settles it if no other node can have.
Fate Writer::GiveUpAs(Fate refusal) {
  const bool is_proof =
      !in_doubt_ || (!doubtful_node_.empty() && doubtful_node_ == node_.replication_id);
  return GiveUp(is_proof ? refusal : Fate::kUnknown);
}

// A replica of this node was promoted in its place: what this one lacks, that one may have.
bool Writer::NodeWasReplaced() const {
  return std::find(replaced_.begin(), replaced_.end(), node_.replication_id) != replaced_.end();
}

// Rule 1: a (writer, sequence) that was sent is never used again for other content.
Fate Writer::GiveUp(Fate fate) {
  // The old fence may go only when no copy of its open and commit can still arrive: together they
  // would create it anew and pass it. Otherwise it stays, closed, until it expires.
  fence_to_delete_ = replies_lost_ || WritesAreUnderWay() ? std::string() : FenceKey(id_);
  id_ = new_id_();
  last_sequence_ = 0;
  opened_ = false;
  open_sent_ = false;
  replies_lost_ = false;
  has_batch_ = false;
  in_doubt_ = false;
  fence_refreshed_at_ = MonotonicTime{};
  metrics_->renewals.Add();
  return fate;
}

}  // namespace chaac
