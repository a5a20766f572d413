// Ingest: the queue of one event loop, from accepted requests to known outcomes. While one batch is
// in flight, arriving reports wait and form the next (group commit; see gathering.h). No lock.
// Pure: it appends commands to a buffer and takes replies; time is an argument. Not thread-safe.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/metrics.h"
#include "base/time.h"
#include "ingest/gathering.h"
#include "ingest/submission.h"
#include "report/id_hash.h"
#include "store/commit.h"
#include "store/store_cache.h"
#include "store/writer.h"

namespace chaac {

struct IngestLimits {
  // Bounds joining, and so how long one commit holds the store's only thread (about 2.5 ms): one
  // larger request still travels whole. More than the lists keep, so that a full batch need not
  // send all it has.
  std::size_t batch_reports_max = 4'096;
  std::size_t batch_bytes_max =
      std::size_t{1024} * 1024;  // Estimated arguments of one commit; bounds joining too.
  std::chrono::microseconds batch_wait_max{1'000};  // For others to join a batch; 0: never.
  // Rows waiting, not yet sent; those refused already count too, as their answer waits with the
  // rest of their request. An empty queue takes any one request.
  std::size_t queue_reports_max = 65'536;
  std::chrono::milliseconds reply_timeout{
      2'000};                        // From arrival to an answer, whatever the store does.
  std::uint32_t ack_replicas = 0;    // That must have a batch before it is acknowledged.
  std::uint32_t ids_block = 20'000;  // Leased at once. REQUIRES: at least the rows of one request.
};

// Counted by the loop's thread, read by any.
struct IngestMetrics {
  Counter accepted;                               // Reports committed for the first time.
  Counter repeated;                               // Reports acknowledged again.
  std::array<Counter, kErrorCodeCount> rejected;  // Reports, by ErrorCode.
  Histogram batch_reports;
  Histogram commit_duration_us;  // From sending to the fate, resends included.
  Gauge queue_reports;
  Gauge in_doubt;  // 1 while the fate of a batch is unknown.
  WriterMetrics writer;
};

class OutcomeListener {
 public:
  // The fate of a submission is known, or its time is up. Called once for each submission.
  virtual void OnOutcome(const Submission& submission) = 0;

 protected:
  ~OutcomeListener() = default;
};

class Ingest {
 public:
  // All pointers outlive this. `new_writer_id` as for Writer.
  Ingest(IngestLimits limits, const StoreOptions* options, CommitEncoder::SlugOf slug_of,
         std::function<std::string()> new_writer_id, OutcomeListener* listener,
         IngestMetrics* metrics);

  // An empty submission for the door to fill. Give it to Submit() or Release().
  [[nodiscard]] Submission* Acquire();
  void Release(Submission* submission);

  // Takes the reports in `submission->decoded`. The outcome may come within this call.
  void Submit(Submission* submission, MonotonicTime now);

  // Sends what waits, when nothing is in flight. To be called at the end of a round, and again at
  // the returned time, if there is one: then others may still join.
  std::optional<MonotonicTime> Seal(MonotonicTime now, WallTime wall_now, std::string* out);

  void OnLinkUp(const StoreNode& node, MonotonicTime now, std::string* out);
  void OnLinkDown(MonotonicTime now);
  void OnReply(const redisReply& reply, MonotonicTime now);
  void OnTick(MonotonicTime now, std::string* out);

  // The store owes a reply and has said nothing for longer than the reply limit.
  [[nodiscard]] bool ReplyIsOverdue(MonotonicTime now) const;
  // Nobody waits for an outcome.
  [[nodiscard]] bool Idle() const { return queue_.empty() && !AnyoneWaitsInFlight(); }
  // No report is here: no MunicipalityIndex is in use.
  [[nodiscard]] bool Empty() const { return queue_.empty() && in_flight_.empty(); }
  // From now on indexes may mean other municipalities. REQUIRES: Empty().
  void ForgetMunicipalities() { cache_.Clear(); }

 private:
  // A row of the batch in flight that carries a client's id.
  struct ClientRow {
    Submission* submission;
    std::uint32_t row;
  };

  [[nodiscard]] std::size_t PickBatch(std::uint32_t* server_ids);
  [[nodiscard]] bool JoinIds(const Submission& submission);
  void Encode(Submission* submission, bool announce_only);
  void Finish(Submission* submission);
  void Fail(Submission* submission, ErrorCode code, std::string_view detail);
  void FailInFlight(ErrorCode code, std::string_view detail);
  void Settle(Fate fate, const redisReply& reply, MonotonicTime now);
  void SettleApplied(const redisReply& reply, MonotonicTime now);
  void SettleKnownIds(const redisReply& reply);
  void SettleRefused(const redisReply& reply);
  void SettleFull(const redisReply& reply);
  void FailThoseWithIds(ErrorCode code, std::string_view detail);
  void RejectMunicipality(MunicipalityIndex municipality, ErrorCode code,
                          const std::string& detail);
  void Requeue();
  void ExpireWaiting(MonotonicTime now);
  [[nodiscard]] std::string WhyNotSent() const;
  void NoteState(MonotonicTime now);
  [[nodiscard]] bool AnyoneWaitsInFlight() const;

  const IngestLimits limits_;
  OutcomeListener* listener_;
  IngestMetrics* metrics_;
  StoreCache cache_;
  CommitEncoder encoder_;
  Writer writer_;
  Gathering gathering_;

  std::vector<std::unique_ptr<Submission>> pool_;  // Owns every submission.
  SubmissionList free_;
  SubmissionList queue_;
  std::size_t queue_reports_ = 0;
  // Submissions at the front of the queue that were in a batch that was not applied. They travel
  // without newcomers, whose rows might be refused in turn, and so on for ever.
  std::size_t resealed_ = 0;
  SubmissionList in_flight_;
  std::vector<ClientRow> client_rows_;  // Of the batch in flight, in order.
  boost::unordered_flat_set<std::string_view, IdHash> batch_ids_;  // Scratch of PickBatch().
  std::string command_;                                            // Scratch of Seal().
  MonotonicTime sent_at_{};   // The batch in flight, first sent.
  MonotonicTime heard_at_{};  // The last time at which the store owed nothing, or replied.
  bool link_up_ = false;
  MonotonicTime link_down_since_{};
};

}  // namespace chaac
