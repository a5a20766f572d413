// IngestStage: an Ingest, its store (LuaStore with the shipped functions) and the connection
// between them, all moved by hand. For tests. Not thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/ingest.h"
#include "store/library.h"
#include "store/testing/lua_store.h"
#include "store/testing/resp_server.h"

namespace chaac {

// A row of a request. Its digest, when it has an id, is of its temperature.
struct StagedRow {
  std::string id;
  double temperature = 20;
  MunicipalityIndex municipality = 0;
};

// What a request was told.
struct StagedOutcome {
  std::optional<ErrorCode> failure;
  std::string detail;
  std::uint32_t accepted = 0;
  std::string first_id;
  std::string last_id;
  std::vector<std::pair<std::uint32_t, ErrorCode>> rejections;
};

class IngestStage : public OutcomeListener {
 public:
  static constexpr WallTime kWallStart{std::chrono::seconds(1'700'000'000)};

  explicit IngestStage(IngestLimits limits, StoreOptions store_options = {})
      : options(std::move(store_options)),
        ingest(
            limits, WithConditions(&options), [](MunicipalityIndex index) { return SlugOf(index); },
            [this] { return "writer-" + std::to_string(++writers_); }, this, &metrics) {
    store.SetTime(kWallStart);
    store.Execute({"FUNCTION", "LOAD", std::string(kLibraryCode)});
  }
  virtual ~IngestStage() = default;

  static std::string_view SlugOf(MunicipalityIndex index) {
    static const std::vector<std::string> kSlugs = {"mixco", "antigua", "coban"};
    return kSlugs[index];
  }

  void Connect() {
    server_.emplace(&store);
    ingest.OnLinkUp(store.node(), now, &sent);
  }

  // Connects and leases ids.
  void Start() {
    Connect();
    Exchange();
  }

  // What was sent but not delivered never arrives, and no reply comes.
  void Disconnect() {
    server_.reset();
    sent.clear();
    ingest.OnLinkDown(now);
  }

  // Submits a request, whose outcome will be found under the returned number.
  std::uint32_t Submit(const std::vector<StagedRow>& rows) {
    Submission* submission = ingest.Acquire();
    submission->waiter.sequence = ++requests_;
    Decoded& decoded = submission->decoded;
    decoded.is_batch = rows.size() != 1;
    std::size_t bytes = 0;
    for (const StagedRow& row : rows) bytes += row.id.size();
    decoded.ids.reserve(bytes);
    for (const StagedRow& row : rows) {
      const std::size_t begin = decoded.ids.size();
      decoded.ids += row.id;
      decoded.row_index.push_back(static_cast<std::uint32_t>(decoded.reports.size()));
      decoded.reports.push_back({.municipality = row.municipality,
                                 .temperature_celsius = row.temperature,
                                 .client_id = std::string_view(decoded.ids).substr(begin),
                                 .digest = static_cast<std::uint64_t>(row.temperature * 1000)});
    }
    if (std::exchange(repeats_next_, false)) {
      decoded.is_batch = true;
      decoded.repeats.push_back({.index = 1, .of = 0});
    }
    ingest.Submit(submission, now);
    return requests_;
  }

  // A batch of one row and its repeat.
  std::uint32_t SubmitTwice(const StagedRow& row) {
    repeats_next_ = true;
    return Submit({row});
  }

  std::uint32_t SubmitMany(std::size_t rows) { return Submit(std::vector<StagedRow>(rows)); }

  // The end of a round: what waits is sealed.
  std::optional<MonotonicTime> Seal() { return ingest.Seal(now, kWallStart, &sent); }

  // What was sent arrives at the store; its answer comes back, once.
  void Exchange() {
    const std::string replies = server_->Feed(std::exchange(sent, {}));
    reader_ = ReplyReader();
    reader_.Feed(replies);
    for (ReplyPtr reply; reader_.Next(&reply) == ReplyReader::Status::kReply;) {
      ingest.OnReply(*reply, now);
    }
  }

  // Arrives, and the connection ends before the answer comes.
  void DeliverAndDisconnect() {
    server_->Feed(std::exchange(sent, {}));
    Disconnect();
  }

  // Seals and exchanges until nothing waits.
  void Settle() {
    for (int i = 0; i < 20; ++i) {
      Seal();
      Exchange();
    }
  }

  void Pass(std::chrono::milliseconds elapsed) {
    now += elapsed;
    ingest.OnTick(now, &sent);
  }

  // REQUIRES: the request was answered.
  const StagedOutcome& OutcomeOf(std::uint32_t request) {
    EXPECT_EQ(outcomes_.count(request), 1U) << "request " << request << " was not answered";
    return outcomes_[request];
  }
  [[nodiscard]] bool IsAnswered(std::uint32_t request) const {
    return outcomes_.count(request) != 0;
  }

  [[nodiscard]] std::string Get(const std::string& key) { return store.Get(key).value_or("none"); }
  [[nodiscard]] std::uint64_t Rejected(ErrorCode code) const {
    return metrics.rejected[static_cast<std::size_t>(code)].Value();
  }

  void OnOutcome(const Submission& submission) override {
    StagedOutcome outcome{.accepted = submission.accepted,
                          .first_id = submission.first_id,
                          .last_id = submission.last_id};
    if (submission.failure) {
      outcome.failure = submission.failure->code;
      outcome.detail = submission.failure->detail;
    }
    for (const RowRejection& rejection : submission.decoded.rejections) {
      outcome.rejections.emplace_back(rejection.index, rejection.error.code);
    }
    EXPECT_TRUE(outcomes_.emplace(submission.waiter.sequence, outcome).second) << "answered twice";
  }

  StoreOptions options;
  LuaStore store;
  IngestMetrics metrics;
  Ingest ingest;
  std::string sent;  // To the store, not delivered yet.
  MonotonicTime now{std::chrono::hours(1000)};

 private:
  static const StoreOptions* WithConditions(StoreOptions* store_options) {
    store_options->conditions = {"sunny"};
    return store_options;
  }

  std::optional<RespServer> server_;
  ReplyReader reader_;
  std::map<std::uint32_t, StagedOutcome> outcomes_;
  std::uint32_t requests_ = 0;
  bool repeats_next_ = false;
  int writers_ = 0;
};

}  // namespace chaac
