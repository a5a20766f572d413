// Queue, seal, settle.
#include "ingest/ingest.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "report/server_id.h"

namespace chaac {
namespace {

// Without the store: what all else costs, for script/bench. Such a build says so in its version.
#ifdef CHAAC_FLOOR
constexpr bool kStores = false;
#else
constexpr bool kStores = true;
#endif

// What a report adds to a commit's arguments, client ids aside: values, an id, a JSON line.
constexpr std::size_t kReportBytesEstimated = 256;
// A client id is sent to the window of known ids, to the list of ids, and in the JSON line.
constexpr std::size_t kIdCopies = 3;

std::size_t EstimatedBytes(const Submission& submission) {
  return submission.decoded.reports.size() * kReportBytesEstimated +
         submission.decoded.ids.size() * kIdCopies;
}

// What it occupies in the queue: a row that was refused holds its sentence until the answer.
std::size_t RowsOf(const Submission& submission) {
  return submission.decoded.reports.size() + submission.decoded.rejections.size();
}

bool HasClientIds(const Submission& submission) {
  return submission.server_ids < submission.decoded.reports.size();
}

// Several WAITs fit in the time that a report may wait.
AckPolicy AckPolicyOf(const IngestLimits& limits) {
  constexpr std::chrono::milliseconds kWaitMin{1};
  return {.replicas = limits.ack_replicas, .wait = std::max(kWaitMin, limits.reply_timeout / 4)};
}

// Takes the rows for which `is_out` holds (asked in order) out of those still to be committed.
template <typename IsOut>
void RemoveRows(Submission* submission, IsOut is_out) {
  Decoded& decoded = submission->decoded;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < decoded.reports.size(); ++i) {
    if (is_out(i)) continue;
    decoded.reports[kept] = decoded.reports[i];
    decoded.row_index[kept] = decoded.row_index[i];
    ++kept;
  }
  decoded.reports.resize(kept);
  decoded.row_index.resize(kept);
  std::sort(decoded.rejections.begin(), decoded.rejections.end(),
            [](const RowRejection& a, const RowRejection& b) { return a.index < b.index; });
}

// Refuses a row of those still to be committed, and with it the later rows that repeat it.
void Reject(const Error& error, std::size_t row, Decoded* decoded) {
  const std::uint32_t index = decoded->row_index[row];
  decoded->rejections.push_back({index, error});
  std::erase_if(decoded->repeats, [&](const RowRepeat& repeat) {
    if (repeat.of != index) return false;
    decoded->rejections.push_back({repeat.index, error});
    return true;
  });
}

}  // namespace

Ingest::Ingest(IngestLimits limits, const StoreOptions* options, CommitEncoder::SlugOf slug_of,
               std::function<std::string()> new_writer_id, OutcomeListener* listener,
               IngestMetrics* metrics)
    : limits_(limits),
      listener_(listener),
      metrics_(metrics),
      cache_(options->data_ttl),
      encoder_(options, &cache_, std::move(slug_of)),
      writer_(options, std::move(new_writer_id), limits.ids_block, &metrics->writer,
              AckPolicyOf(limits)),
      gathering_(limits.batch_wait_max) {}

Submission* Ingest::Acquire() {
  if (free_.empty()) {
    pool_.push_back(std::make_unique<Submission>());
    return pool_.back().get();
  }
  return free_.PopFront();
}

void Ingest::Release(Submission* submission) {
  submission->Clear();
  free_.PushFront(submission);
}

void Ingest::Submit(Submission* submission, MonotonicTime now) {
  const std::size_t rows = RowsOf(*submission);
  submission->arrived_at = now;
  submission->CountServerIds();
  if (submission->decoded.reports.empty()) {
    Finish(submission);  // Every row was refused.
    return;
  }
  if (!link_up_ && now - link_down_since_ >= limits_.reply_timeout) {
    Fail(submission, ErrorCode::kNotCommitted, "the store is out of reach; nothing was stored");
  } else if (queue_reports_ > 0 && queue_reports_ + rows > limits_.queue_reports_max) {
    Fail(submission, ErrorCode::kQueueFull,
         fmt::format("{} reports wait for the store already, at most {} may; nothing was stored",
                     queue_reports_, limits_.queue_reports_max));
  } else {
    queue_.PushBack(submission);
    queue_reports_ += rows;
  }
  metrics_->queue_reports.Set(static_cast<std::int64_t>(queue_reports_));
}

// True, and its ids noted, when none of the submission's client ids is in the batch already: the
// same id twice is settled in two batches, where the function sees the first when the second comes.
bool Ingest::JoinIds(const Submission& submission) {
  if (!HasClientIds(submission)) return true;
  const std::vector<Report>& reports = submission.decoded.reports;
  if (!batch_ids_.empty() && std::any_of(reports.begin(), reports.end(), [this](const Report& r) {
        return !r.client_id.empty() && batch_ids_.count(r.client_id) != 0;
      })) {
    return false;
  }
  for (const Report& report : reports) {
    if (!report.client_id.empty()) batch_ids_.insert(report.client_id);
  }
  return true;
}

// How many submissions from the front of the queue travel together; requests are never split.
std::size_t Ingest::PickBatch(std::uint32_t* server_ids) {
  std::size_t picked = 0;
  std::size_t reports = 0;
  std::size_t bytes = 0;
  batch_ids_.clear();
  for (const Submission* s = queue_.front(); s != nullptr; s = s->next) {
    if (resealed_ > 0 && picked == resealed_) break;
    reports += s->decoded.reports.size();
    bytes += EstimatedBytes(*s);
    const bool fits = reports <= limits_.batch_reports_max && bytes <= limits_.batch_bytes_max;
    if (picked > 0 && !fits) break;
    if (!JoinIds(*s)) break;
    *server_ids += s->server_ids;
    ++picked;
  }
  return picked;
}

void Ingest::Encode(Submission* submission, bool announce_only) {
  std::uint64_t server_id = submission->first_server_id;
  const std::vector<Report>& reports = submission->decoded.reports;
  for (std::uint32_t row = 0; row < reports.size(); ++row) {
    const Report& report = reports[row];
    if (announce_only) {
      encoder_.Announce(report);
    } else if (report.client_id.empty()) {
      encoder_.Add(report, ServerId(server_id++).text());
    } else {
      encoder_.Add(report, report.client_id);
      client_rows_.push_back({submission, row});
    }
  }
}

std::optional<MonotonicTime> Ingest::Seal(MonotonicTime now, WallTime wall_now, std::string* out) {
  if (queue_.empty() || !writer_.ReadyFor(0)) return std::nullopt;
  const bool others_may_join = resealed_ == 0 && queue_reports_ < limits_.batch_reports_max;
  if (kStores && others_may_join && gathering_.Waits(queue_.size(), queue_reports_, now)) {
    return gathering_.deadline();
  }
  std::uint32_t server_ids = 0;
  const std::size_t picked = PickBatch(&server_ids);
  if (!writer_.ReadyFor(server_ids)) return std::nullopt;  // Ids are being leased.

  std::uint64_t next_id = writer_.TakeIds(server_ids);
  std::size_t reports = 0;
  for (std::size_t i = 0; i < picked; ++i) {
    Submission* submission = queue_.PopFront();
    submission->first_server_id = next_id;
    next_id += submission->server_ids;
    reports += submission->decoded.reports.size();
    queue_reports_ -= RowsOf(*submission);
    in_flight_.PushBack(submission);
  }
  resealed_ -= std::min(resealed_, picked);

  if constexpr (!kStores) {
    writer_.OnTick(out);  // Leases ids.
    sent_at_ = now;
    SettleApplied(redisReply{}, now);
    return std::nullopt;
  }
  client_rows_.clear();
  encoder_.Begin(wall_now);
  if (reports > encoder_.ListLengthMax()) {
    for (Submission* s = in_flight_.front(); s != nullptr; s = s->next) Encode(s, true);
  }
  for (Submission* s = in_flight_.front(); s != nullptr; s = s->next) Encode(s, false);
  encoder_.Finish(writer_.NextHeader(now), now, &command_);
  NoteState(now);
  writer_.Send(&command_, out);
  sent_at_ = now;
  metrics_->batch_reports.Observe(std::uint64_t{reports});
  return std::nullopt;
}

void Ingest::OnLinkUp(const StoreNode& node, MonotonicTime now, std::string* out) {
  link_up_ = true;
  heard_at_ = now;
  cache_.Clear();  // Another node may answer.
  writer_.OnLinkUp(node, out);
  NoteState(now);
}

void Ingest::OnLinkDown(MonotonicTime now) {
  link_up_ = false;
  link_down_since_ = now;
  writer_.OnLinkDown();
  NoteState(now);
}

void Ingest::OnReply(const redisReply& reply, MonotonicTime now) {
  heard_at_ = now;
  const Fate fate = writer_.OnReply(reply);
  if (fate == Fate::kUndecided) return;
  metrics_->commit_duration_us.Observe(now - sent_at_);
  Settle(fate, writer_.Verdict(reply), now);
  NoteState(now);
}

void Ingest::OnTick(MonotonicTime now, std::string* out) {
  ExpireWaiting(now);
  NoteState(now);
  writer_.OnTick(out);
}

bool Ingest::ReplyIsOverdue(MonotonicTime now) const {
  return writer_.AwaitsReply() && now - heard_at_ >= limits_.reply_timeout;
}

void Ingest::NoteState(MonotonicTime now) {
  if (!writer_.AwaitsReply()) heard_at_ = now;
  metrics_->queue_reports.Set(static_cast<std::int64_t>(queue_reports_));
  metrics_->in_doubt.Set(writer_.InDoubt() ? 1 : 0);
}

bool Ingest::AnyoneWaitsInFlight() const {
  for (const Submission* s = in_flight_.front(); s != nullptr; s = s->next) {
    if (!s->answered) return true;
  }
  return false;
}

// Tells the waiter, unless it was told before, and lets the submission go.
void Ingest::Finish(Submission* submission) {
  for (const RowRejection& rejection : submission->decoded.rejections) {
    metrics_->rejected[static_cast<std::size_t>(rejection.error.code)].Add();
  }
  if (!submission->answered) listener_->OnOutcome(*submission);
  Release(submission);
}

// Refuses what is still to be committed: the request, or, where some of its rows were found to be
// stored already, the others one by one. Doubt is told of the whole.
void Ingest::Fail(Submission* submission, ErrorCode code, std::string_view detail) {
  const Error error{code, std::string(detail), {}};
  if (submission->accepted > 0 && code != ErrorCode::kOutcomeUnknown) {
    RemoveRows(submission, [&](std::size_t row) {
      Reject(error, row, &submission->decoded);
      return true;
    });
    return Finish(submission);
  }
  submission->failure = error;
  metrics_->rejected[static_cast<std::size_t>(code)].Add(submission->decoded.reports.size());
  Finish(submission);
}

void Ingest::FailInFlight(ErrorCode code, std::string_view detail) {
  while (!in_flight_.empty()) {
    Submission* submission = in_flight_.PopFront();
    if (submission->answered) {
      Release(submission);
    } else {
      Fail(submission, code, detail);
    }
  }
}

void Ingest::Settle(Fate fate, const redisReply& reply, MonotonicTime now) {
  // Only after an applied batch does the store hold what the cache was told it would.
  if (fate != Fate::kApplied) cache_.Clear();
  switch (fate) {
    case Fate::kUndecided:
      return;
    case Fate::kApplied:
      return SettleApplied(reply, now);
    case Fate::kNotApplied:
      return Requeue();
    case Fate::kKnownIds:
      return SettleKnownIds(reply);
    case Fate::kRefused:
      return SettleRefused(reply);
    case Fate::kFull:
      return SettleFull(reply);
    case Fate::kIdWindowFull:
      return FailThoseWithIds(
          ErrorCode::kIdWindowFull,
          "the store remembers as many ids as it may (--client-ids-max); nothing was stored");
    case Fate::kStoreRefused:
      return FailInFlight(
          ErrorCode::kNotCommitted,
          fmt::format("the store refuses writes ({}); nothing was stored", TextOf(reply)));
    case Fate::kUnknown:
      return FailInFlight(
          ErrorCode::kOutcomeUnknown,
          IsError(reply)
              ? fmt::format("the store failed within this commit ({}): the report may or may not "
                            "be stored",
                            TextOf(reply))
              : "the store lost track of this commit: the report may or may not be stored");
  }
}

void Ingest::SettleApplied(const redisReply& reply, MonotonicTime now) {
  gathering_.OnSettled(in_flight_.size(), queue_.size(), now - sent_at_, now);
  encoder_.NoteCommitted(reply, sent_at_);  // The reply may have come much later than the commit.
  while (!in_flight_.empty()) {
    Submission* submission = in_flight_.PopFront();
    metrics_->accepted.Add(submission->decoded.reports.size());
    metrics_->repeated.Add(submission->decoded.repeats.size());
    submission->NoteCommitted();
    Finish(submission);
  }
}

// Nothing of the batch in flight was applied: its rows go back to the front of the queue, in order.
// A request without rows left is answered; one that was told "unknown" is dropped.
void Ingest::Requeue() {
  SubmissionList again;
  while (!in_flight_.empty()) {
    Submission* submission = in_flight_.PopFront();
    if (submission->answered) {
      Release(submission);
    } else if (submission->decoded.reports.empty()) {
      metrics_->repeated.Add(submission->decoded.repeats.size());
      submission->NoteCommitted();  // Only its repeats.
      Finish(submission);
    } else {
      submission->CountServerIds();
      again.PushFront(submission);  // Reversed,
    }
  }
  while (!again.empty()) {
    Submission* submission = again.PopFront();
    queue_reports_ += RowsOf(*submission);
    queue_.PushFront(submission);  // and back.
    ++resealed_;
  }
}

// Rows whose ids were committed before: acknowledged again when they say the same, else refused.
void Ingest::SettleKnownIds(const redisReply& reply) {
  std::vector<bool> out(client_rows_.size());
  for (std::size_t i = 1; i + 1 < SizeOf(reply); i += 2) {
    const auto position = static_cast<std::size_t>(ElementOf(reply, i).integer);
    if (position >= client_rows_.size()) continue;
    const ClientRow& row = client_rows_[position];
    const Report& report = row.submission->decoded.reports[row.row];
    const std::uint32_t index = row.submission->decoded.row_index[row.row];
    out[position] = true;
    if (TextOf(ElementOf(reply, i + 1)) == fmt::format(FMT_STRING("{:016x}"), report.digest)) {
      ++row.submission->accepted;
      metrics_->repeated.Add();
      row.submission->NoteAccepted(index, report.client_id);
    } else {
      Reject({ErrorCode::kIdConflict,
              fmt::format("the id \"{}\" belongs to another report that is stored already",
                          report.client_id),
              {}},
             row.row, &row.submission->decoded);
    }
  }
  auto next = client_rows_.begin();
  for (Submission* s = in_flight_.front(); s != nullptr; s = s->next) {
    RemoveRows(s, [&](std::size_t row) {
      if (next == client_rows_.end() || next->submission != s || next->row != row) return false;
      return static_cast<bool>(out[static_cast<std::size_t>(next++ - client_rows_.begin())]);
    });
  }
  Requeue();
}

void Ingest::SettleRefused(const redisReply& reply) {
  const auto position = SizeOf(reply) > 1 ? ElementOf(reply, 1).integer : 0;
  const std::string_view key = SizeOf(reply) > 2 ? TextOf(ElementOf(reply, 2)) : "";
  const std::string detail = fmt::format(
      "the store's key \"{}\" does not hold what Chaac keeps there; nothing was stored: an "
      "operator "
      "must look at that key",
      key);
  if (position < 1 || static_cast<std::size_t>(position) > encoder_.GroupCount()) {
    return FailThoseWithIds(ErrorCode::kStoreKeyInvalid, detail);  // The window of known ids.
  }
  RejectMunicipality(encoder_.MunicipalityAt(static_cast<std::size_t>(position)),
                     ErrorCode::kStoreKeyInvalid, detail);
}

void Ingest::SettleFull(const redisReply& reply) {
  const auto position = SizeOf(reply) > 1 ? ElementOf(reply, 1).integer : 0;
  if (position < 1 || static_cast<std::size_t>(position) > encoder_.GroupCount()) {
    FailInFlight(ErrorCode::kInternal, "the store refused a municipality that was not sent");
    return;
  }
  RejectMunicipality(encoder_.MunicipalityAt(static_cast<std::size_t>(position)),
                     ErrorCode::kMunicipalityLimit,
                     "the store holds as many municipalities as it may (--municipalities-max)");
}

void Ingest::RejectMunicipality(MunicipalityIndex municipality, ErrorCode code,
                                const std::string& detail) {
  for (Submission* s = in_flight_.front(); s != nullptr; s = s->next) {
    Decoded& decoded = s->decoded;
    RemoveRows(s, [&](std::size_t row) {
      if (decoded.reports[row].municipality != municipality) return false;
      Reject({code, detail, {}}, row, &decoded);
      return true;
    });
  }
  Requeue();
}

// The window of known ids takes no more, or is broken: only requests with ids need it.
void Ingest::FailThoseWithIds(ErrorCode code, std::string_view detail) {
  SubmissionList others;
  while (!in_flight_.empty()) {
    Submission* submission = in_flight_.PopFront();
    if (HasClientIds(*submission) && !submission->answered) {
      Fail(submission, code, detail);
    } else {
      others.PushBack(submission);
    }
  }
  in_flight_ = others;
  Requeue();
}

// Why what stands in the queue was not sent.
std::string Ingest::WhyNotSent() const {
  if (!writer_.lease_error().empty()) {
    return fmt::format(
        "the store gives out no ids for reports ({}); an operator must look at its key {}; nothing "
        "was stored",
        writer_.lease_error(), kLeaseKey);
  }
  if (writer_.AwaitsReplicas()) {
    return "fewer replicas than --ack-replicas asks for confirm an earlier commit; the report was "
           "not sent to the store";
  }
  return "the store did not answer in time; the report was not sent to it";
}

// Answers all whose time is up. What was not sent leaves the queue; what was sent stays in flight.
void Ingest::ExpireWaiting(MonotonicTime now) {
  while (!queue_.empty() && now - queue_.front()->arrived_at >= limits_.reply_timeout) {
    Submission* submission = queue_.PopFront();
    queue_reports_ -= RowsOf(*submission);
    if (resealed_ > 0) --resealed_;
    Fail(submission, ErrorCode::kNotCommitted, WhyNotSent());
  }
  for (Submission* s = in_flight_.front(); s != nullptr; s = s->next) {
    if (s->answered || now - s->arrived_at < limits_.reply_timeout) continue;
    s->failure = Error{ErrorCode::kOutcomeUnknown,
                       writer_.AwaitsReplicas()
                           ? "the report is stored, but fewer replicas than --ack-replicas asks "
                             "for have confirmed it in time: a failover may lose it; send it again "
                             "only with its id"
                           : "the store did not answer in time: the report may or may not be "
                             "stored; send it again only with its id",
                       {}};
    metrics_->rejected[static_cast<std::size_t>(ErrorCode::kOutcomeUnknown)].Add(
        s->decoded.reports.size());
    listener_->OnOutcome(*s);
    s->answered = true;
  }
}

}  // namespace chaac
