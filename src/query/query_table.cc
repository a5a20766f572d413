// From a query to the read that answers it and those who wait for it.
#include "query/query_table.h"

#include <algorithm>
#include <utility>

namespace chaac {
namespace {

Error NoStore() {
  return {ErrorCode::kStoreUnavailable,
          "the store cannot be read at present; what was acknowledged is safe there",
          {}};
}

Error TooLate(bool was_started) {
  if (was_started) {
    return {ErrorCode::kStoreUnavailable, "the store has not answered in time; try again", {}};
  }
  return {ErrorCode::kServerBusy, "too many reads waited before this one; try again", {}};
}

}  // namespace

QueryTable::QueryTable(QueryLimits limits, std::chrono::seconds series_ttl,
                       const SnapshotBoard* board, Deliver deliver, QueryMetrics* metrics)
    : limits_(limits),
      series_ttl_(series_ttl),
      board_(board),
      deliver_(std::move(deliver)),
      metrics_(metrics) {}

void QueryTable::Ask(const Query& query, QueryWaiter waiter, MonotonicTime now, WallTime wall_now,
                     std::string* out) {
  std::string key = KeyOf(query);
  const auto known = entries_.find(key);
  if (known != entries_.end()) {
    const EntryPtr& entry = known->second;
    if (entry->answer == nullptr || now < entry->kept_until) {
      metrics_->coalesced.Add();
      entry->waiters.push_back(std::move(waiter));
      if (entry->answer != nullptr) Answer(entry, entry->answer);
      return;
    }
    while (entries_.contains(key)) ForgetOldest();
  }
  const auto entry =
      std::make_shared<Entry>(Entry{.query = query, .key = key, .asked_at = now, .read = nullptr});
  entry->waiters.push_back(std::move(waiter));
  if (!link_up_) {
    metrics_->failures.Add();
    return Fail(entry, NoStore());
  }
  if (queued_.size() + active_.size() >= limits_.reads_max) {
    metrics_->refused.Add();
    return Answer(
        entry,
        std::make_shared<QueryAnswer>(QueryAnswer{
            Error{ErrorCode::kServerBusy, "too many different reads are under way; try again", {}},
            {}}));
  }
  entries_.emplace(std::move(key), entry);
  queued_.push_back(entry);
  Start(now, wall_now, out);
}

// Starts what is queued, as far as the limit allows.
void QueryTable::Start(MonotonicTime now, WallTime wall_now, std::string* out) {
  while (!queued_.empty() && active_.size() < limits_.active_max) {
    const EntryPtr entry = std::move(queued_.front());
    queued_.pop_front();
    metrics_->reads.Add();
    const std::shared_ptr<const Snapshot> newest = board_->Newest();
    entry->read = MakeStoreRead(entry->query, newest.get(), series_ttl_, wall_now);
    active_.push_back(entry);
    Advance(entry, now, out);
  }
  NoteWaiting();
}

// Sends the next wave, or finishes.
void QueryTable::Advance(const EntryPtr& entry, MonotonicTime now, std::string* out) {
  entry->replies_due = entry->read->Ask(out);
  if (entry->replies_due == 0) return Finish(entry, now);
  pending_.insert(pending_.end(), entry->replies_due, PendingReply{entry, now});
}

void QueryTable::OnReply(const redisReply& reply, MonotonicTime now, WallTime wall_now,
                         std::string* out) {
  if (pending_.empty()) return;
  const EntryPtr entry = std::move(pending_.front().entry);
  pending_.pop_front();
  if (entry->read == nullptr) return;
  const Result<void> taken = entry->read->Take(reply);
  if (!taken) {
    metrics_->failures.Add();
    Fail(entry, taken.error());
  } else if (--entry->replies_due == 0) {
    Advance(entry, now, out);
  }
  Start(now, wall_now, out);
}

void QueryTable::Finish(const EntryPtr& entry, MonotonicTime now) {
  auto answer = std::make_shared<QueryAnswer>();
  answer->body = MakeCachedBody(entry->read->Body());
  metrics_->duration_us.Observe(now - entry->asked_at);
  Keep(entry, now);
  Answer(entry, std::move(answer));
  kept_bytes_ += entry->answer->body.body.size();
  while (kept_bytes_ > limits_.kept_bytes_max) ForgetOldest();
}

void QueryTable::Keep(const EntryPtr& entry, MonotonicTime now) {
  entry->read.reset();
  std::erase(active_, entry);
  entry->kept_until = now + limits_.kept_for;
  kept_.push_back(entry);
}

void QueryTable::ForgetOldest() {
  const EntryPtr oldest = std::move(kept_.front());
  kept_.pop_front();
  kept_bytes_ -= oldest->answer->body.body.size();
  entries_.erase(oldest->key);
}

void QueryTable::Fail(const EntryPtr& entry, Error error) {
  entry->read.reset();
  std::erase(active_, entry);
  entries_.erase(entry->key);
  Answer(entry, std::make_shared<QueryAnswer>(QueryAnswer{std::move(error), {}}));
}

void QueryTable::Answer(const EntryPtr& entry, QueryAnswerPtr answer) {
  entry->answer = std::move(answer);
  deliver_(std::exchange(entry->waiters, {}), entry->answer);
}

void QueryTable::OnLinkDown() {
  link_up_ = false;
  pending_.clear();
  std::deque<EntryPtr> lost = std::exchange(queued_, {});
  lost.insert(lost.end(), active_.begin(), active_.end());
  metrics_->failures.Add(lost.size());
  for (const EntryPtr& entry : lost) Fail(entry, NoStore());
  NoteWaiting();
}

void QueryTable::OnTick(MonotonicTime now, WallTime wall_now, std::string* out) {
  while (!kept_.empty() && now >= kept_.front()->kept_until) ForgetOldest();
  const auto give_up = [this](const EntryPtr& entry) {
    metrics_->timeouts.Add();
    Fail(entry, TooLate(entry->read != nullptr));
  };
  for (const EntryPtr& entry : std::vector<EntryPtr>(active_)) {
    if (now - entry->asked_at >= limits_.reply_timeout) give_up(entry);
  }
  while (!queued_.empty() && now - queued_.front()->asked_at >= limits_.reply_timeout) {
    give_up(std::exchange(queued_.front(), nullptr));
    queued_.pop_front();
  }
  Start(now, wall_now, out);
}

bool QueryTable::ReplyIsOverdue(MonotonicTime now) const {
  return !pending_.empty() && now - pending_.front().sent_at >= limits_.reply_timeout;
}

void QueryTable::NoteWaiting() {
  metrics_->waiting.Set(static_cast<std::int64_t>(queued_.size() + active_.size()));
}

}  // namespace chaac
