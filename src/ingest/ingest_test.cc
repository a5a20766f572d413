// Ingest over the shipped chaac.lua: what travels together, and what each request is told.
#include "ingest/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "ingest/testing/ingest_stage.h"

namespace chaac {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr MunicipalityIndex kMixco = 0;
constexpr MunicipalityIndex kAntigua = 1;
constexpr MunicipalityIndex kCoban = 2;

class IngestTest : public testing::Test {
 protected:
  static IngestLimits Limits() {
    IngestLimits limits;
    limits.batch_wait_max = {};
    limits.batch_reports_max = 8;
    limits.queue_reports_max = 40;
    limits.reply_timeout = kTimeout;
    limits.ids_block = 100;
    return limits;
  }

  static constexpr milliseconds kTimeout{2'000};
  IngestStage stage_{Limits()};
};

// The sizes of the batches that were sealed, as the histogram tells them.
std::uint64_t Batches(const IngestMetrics& metrics) {
  std::uint64_t batches = 0;
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i)
    batches += metrics.batch_reports.BucketCount(i);
  return batches;
}

TEST_F(IngestTest, AcknowledgesAReportOnceItIsStored) {
  stage_.Start();
  const auto request = stage_.Submit({{}});
  EXPECT_FALSE(stage_.ingest.Idle());
  stage_.Seal();
  EXPECT_FALSE(stage_.IsAnswered(request));
  stage_.Exchange();
  const StagedOutcome& outcome = stage_.OutcomeOf(request);
  EXPECT_FALSE(outcome.failure);
  EXPECT_EQ(outcome.accepted, 1U);
  EXPECT_EQ(outcome.first_id, "tweet-1700000000000000");
  EXPECT_EQ(outcome.last_id, outcome.first_id);
  EXPECT_THAT(*stage_.store.List("tweets:mixco"), ElementsAre(outcome.first_id));
  EXPECT_TRUE(stage_.ingest.Idle());
  EXPECT_EQ(stage_.metrics.accepted.Value(), 1U);
  EXPECT_EQ(stage_.metrics.commit_duration_us.BucketCount(0), 1U);
}

TEST_F(IngestTest, ReportsThatArriveDuringACommitFormTheNext) {
  stage_.Start();
  stage_.Submit({{}});
  stage_.Seal();
  const auto second = stage_.Submit({{}});
  const auto third = stage_.Submit({{}, {}});
  stage_.Seal();
  EXPECT_EQ(stage_.metrics.queue_reports.Value(), 3);
  stage_.Exchange();
  EXPECT_EQ(stage_.Get("count:mixco"), "1");
  EXPECT_FALSE(stage_.IsAnswered(second));
  stage_.Seal();
  EXPECT_EQ(stage_.metrics.queue_reports.Value(), 0);
  stage_.Exchange();
  EXPECT_EQ(stage_.Get("count:mixco"), "4");
  EXPECT_EQ(stage_.OutcomeOf(second).accepted, 1U);
  EXPECT_EQ(stage_.OutcomeOf(third).accepted, 2U);
  EXPECT_EQ(Batches(stage_.metrics), 2U);
  EXPECT_EQ(stage_.metrics.batch_reports.Sum(), 4U);
}

TEST_F(IngestTest, ABatchWaitsForThoseWhoAreExpectedBackAndNoLonger) {
  IngestLimits limits = Limits();
  limits.batch_wait_max = milliseconds(1);
  IngestStage stage(limits);
  stage.Start();
  for (int i = 0; i < 4; ++i) stage.Submit({{}});
  EXPECT_EQ(stage.Seal(), std::nullopt);  // Nobody was there before.
  stage.now += std::chrono::microseconds(300);
  stage.Exchange();
  EXPECT_EQ(stage.Get("count:mixco"), "4");

  const auto first = stage.Submit({{}});
  stage.Submit({{}});
  EXPECT_EQ(stage.Seal(), stage.now + std::chrono::microseconds(600));  // Twice the commit's time.
  stage.Submit({{}});                                                   // Three of four: enough.
  EXPECT_EQ(stage.Seal(), std::nullopt);
  EXPECT_FALSE(stage.IsAnswered(first));
  stage.now += milliseconds(9);
  stage.Exchange();
  EXPECT_EQ(stage.Get("count:mixco"), "7");

  stage.Submit({{}});
  EXPECT_EQ(stage.Seal(), stage.now + milliseconds(1));  // At most.
  stage.now += milliseconds(1);
  EXPECT_EQ(stage.Seal(), std::nullopt);
  stage.Exchange();
  EXPECT_EQ(stage.Get("count:mixco"), "8");
}

TEST_F(IngestTest, EveryRowHasItsOwnId) {
  stage_.Start();
  std::vector<std::uint32_t> requests;
  for (int i = 0; i < 10; ++i)
    requests.push_back(stage_.Submit({{}, {.id = "c" + std::to_string(i)}, {}}));
  stage_.Settle();
  const auto tweets = *stage_.store.List("tweets:mixco");
  EXPECT_EQ(std::set<std::string>(tweets.begin(), tweets.end()).size(), 30U);
  for (const auto request : requests) {
    const StagedOutcome& outcome = stage_.OutcomeOf(request);
    EXPECT_EQ(std::stoull(outcome.last_id.substr(6)), std::stoull(outcome.first_id.substr(6)) + 1);
    EXPECT_THAT(tweets, testing::IsSupersetOf({outcome.first_id, outcome.last_id}));
  }
}

TEST_F(IngestTest, BatchesAreBoundedAndRequestsNeverSplit) {
  stage_.Start();
  const auto a = stage_.SubmitMany(5);
  const auto b = stage_.SubmitMany(3);
  const auto c = stage_.SubmitMany(1);
  stage_.Seal();
  stage_.Exchange();
  EXPECT_TRUE(stage_.IsAnswered(a) && stage_.IsAnswered(b));
  EXPECT_FALSE(stage_.IsAnswered(c));
  EXPECT_EQ(stage_.Get("count:mixco"), "8");
}

TEST_F(IngestTest, ARequestLargerThanABatchTravelsAlone) {
  stage_.Start();
  const auto before = stage_.SubmitMany(1);
  const auto large = stage_.SubmitMany(30);
  const auto after = stage_.SubmitMany(1);
  stage_.Seal();
  stage_.Exchange();
  EXPECT_TRUE(stage_.IsAnswered(before));
  EXPECT_FALSE(stage_.IsAnswered(large));
  stage_.Seal();
  stage_.Exchange();
  EXPECT_EQ(stage_.OutcomeOf(large).accepted, 30U);
  EXPECT_FALSE(stage_.IsAnswered(after));
  stage_.Settle();
  EXPECT_TRUE(stage_.IsAnswered(after));
}

TEST_F(IngestTest, BatchesAreBoundedInBytes) {
  IngestLimits limits = Limits();
  limits.batch_bytes_max = 2'000;  // Seven reports at the 256 bytes estimated for each.
  IngestStage stage(limits);
  stage.Start();
  for (int i = 0; i < 8; ++i) stage.SubmitMany(1);
  stage.Seal();
  stage.Exchange();
  EXPECT_EQ(stage.Get("count:mixco"), "7");
}

TEST_F(IngestTest, WaitsForIdsWhenABatchNeedsMoreThanAreLeased) {
  stage_.Start();
  for (int i = 0; i < 3; ++i) {
    stage_.SubmitMany(40);
    stage_.Settle();
  }
  EXPECT_EQ(stage_.Get("count:mixco"), "120");
}

TEST_F(IngestTest, ABatchLargerThanTheListsStoresTheNewest) {
  IngestStage stage(Limits(), {.list_length_max = 10});
  stage.Start();
  const auto request = stage.SubmitMany(30);
  stage.Settle();
  EXPECT_EQ(stage.Get("count:mixco"), "30");
  const auto tweets = *stage.store.List("tweets:mixco");
  EXPECT_EQ(tweets.size(), 10U);
  EXPECT_EQ(tweets.front(), stage.OutcomeOf(request).last_id);
}

TEST_F(IngestTest, OneIdInTwoRequestsWaitsForTheNextBatch) {
  stage_.Start();
  const auto first = stage_.Submit({{.id = "a"}});
  const auto second = stage_.Submit({{.id = "b"}, {.id = "a"}});
  const auto conflicting = stage_.Submit({{.id = "a", .temperature = 21}});
  stage_.Seal();
  stage_.Exchange();
  EXPECT_TRUE(stage_.IsAnswered(first));
  EXPECT_FALSE(stage_.IsAnswered(second));
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(second).accepted, 2U);
  EXPECT_EQ(stage_.OutcomeOf(conflicting).accepted, 0U);
  EXPECT_THAT(stage_.OutcomeOf(conflicting).rejections,
              ElementsAre(Pair(0, ErrorCode::kIdConflict)));
  EXPECT_EQ(stage_.Get("count:mixco"), "2");
}

TEST_F(IngestTest, KnownIdsAreAcknowledgedAgainConflictsRefusedAndTheRestStored) {
  stage_.Start();
  stage_.Submit({{.id = "a"}, {.id = "b"}, {.id = "c"}});
  stage_.Settle();
  const auto mixed =
      stage_.Submit({{}, {.id = "c"}, {.id = "new"}, {.id = "a", .temperature = 99}, {}});
  const auto repeat = stage_.Submit({{.id = "b"}});
  const auto without_ids = stage_.Submit({{}});
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(mixed).accepted, 4U);
  EXPECT_THAT(stage_.OutcomeOf(mixed).rejections, ElementsAre(Pair(3, ErrorCode::kIdConflict)));
  EXPECT_THAT(stage_.OutcomeOf(mixed).first_id, testing::StartsWith("tweet-"));
  EXPECT_EQ(stage_.OutcomeOf(repeat).accepted, 1U);
  EXPECT_EQ(stage_.OutcomeOf(repeat).first_id, "b");
  EXPECT_EQ(stage_.OutcomeOf(without_ids).accepted, 1U);
  EXPECT_EQ(stage_.Get("count:mixco"), "7");  // a, b, c, then two without ids, new, one without.
  EXPECT_EQ(stage_.metrics.accepted.Value(), 7U);
  EXPECT_EQ(stage_.metrics.repeated.Value(), 2U);
  EXPECT_EQ(stage_.Rejected(ErrorCode::kIdConflict), 1U);
}

TEST_F(IngestTest, FirstAndLastIdsAreInTheOrderSent) {
  stage_.Start();
  stage_.Submit({{.id = "a"}, {.id = "z"}});
  stage_.Settle();
  const auto request = stage_.Submit({{.id = "a"}, {.id = "m"}, {.id = "n"}, {.id = "z"}});
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(request).first_id, "a");
  EXPECT_EQ(stage_.OutcomeOf(request).last_id, "z");
}

TEST_F(IngestTest, AMunicipalityWithABadKeyIsRefusedAndTheRestStored) {
  stage_.Start();
  stage_.store.Execute({"SET", "tweets:antigua", "a string"});
  const auto mixed = stage_.Submit({{}, {.municipality = kAntigua}, {.municipality = kCoban}});
  const auto bad = stage_.Submit({{.municipality = kAntigua}});
  const auto good = stage_.Submit({{}});
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(mixed).accepted, 2U);
  EXPECT_THAT(stage_.OutcomeOf(mixed).rejections,
              ElementsAre(Pair(1, ErrorCode::kStoreKeyInvalid)));
  EXPECT_EQ(stage_.OutcomeOf(bad).accepted, 0U);
  EXPECT_THAT(stage_.OutcomeOf(bad).rejections, ElementsAre(Pair(0, ErrorCode::kStoreKeyInvalid)));
  EXPECT_EQ(stage_.OutcomeOf(good).accepted, 1U);
  EXPECT_EQ(stage_.Get("count:mixco"), "2");
  EXPECT_EQ(stage_.Get("count:antigua"), "none");
  EXPECT_EQ(stage_.Get("count:coban"), "1");
  EXPECT_EQ(stage_.Rejected(ErrorCode::kStoreKeyInvalid), 2U);
  EXPECT_EQ(stage_.metrics.writer.renewals.Value(), 1U);
}

TEST_F(IngestTest, ABadWindowOfIdsRefusesOnlyThoseWithIds) {
  stage_.Start();
  stage_.store.Execute({"SET", "chaac:seen:18888", "a string"});
  const auto with_id = stage_.Submit({{.id = "a"}});
  const auto without = stage_.Submit({{}});
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(with_id).failure, ErrorCode::kStoreKeyInvalid);
  EXPECT_THAT(stage_.OutcomeOf(with_id).detail, HasSubstr("\"chaac:seen:18888\""));
  EXPECT_EQ(stage_.OutcomeOf(without).accepted, 1U);
  EXPECT_EQ(stage_.Get("count:mixco"), "1");
}

// Two clients that repeat themselves by turns, each faster than a commit, must not keep a new
// report out of the store for ever.
TEST_F(IngestTest, RowsOfARefusedBatchAreCommittedBeforeNewcomersCanSpoilTheNext) {
  stage_.Start();
  stage_.Submit({{.id = "a"}, {.id = "b"}});
  stage_.Settle();
  const auto fresh = stage_.Submit({{}});
  stage_.Submit({{.id = "a"}});
  stage_.Seal();
  stage_.Submit({{.id = "b"}});  // Arrives while the first is on its way, and is known too.
  stage_.Exchange();
  EXPECT_FALSE(stage_.IsAnswered(fresh));
  stage_.Seal();
  stage_.Exchange();
  EXPECT_EQ(stage_.OutcomeOf(fresh).accepted, 1U);
  EXPECT_EQ(stage_.Get("count:mixco"), "3");
}

// A row that is stored already must not be called "not stored" because the rest of its request is
// not.
TEST_F(IngestTest, WhatIsKnownIsAcknowledgedAlsoWhenTheRestFails) {
  stage_.Start();
  stage_.Submit({{.id = "a"}});
  stage_.Settle();
  const auto mixed = stage_.Submit({{.id = "a"}, {.id = "new"}, {}});
  stage_.Seal();
  stage_.Exchange();
  stage_.Seal();
  stage_.store.SetError("-OOM command not allowed when used memory > 'maxmemory'.");
  stage_.Exchange();
  EXPECT_FALSE(stage_.OutcomeOf(mixed).failure);
  EXPECT_EQ(stage_.OutcomeOf(mixed).accepted, 1U);
  EXPECT_THAT(stage_.OutcomeOf(mixed).rejections,
              ElementsAre(Pair(1, ErrorCode::kNotCommitted), Pair(2, ErrorCode::kNotCommitted)));
  EXPECT_EQ(stage_.Rejected(ErrorCode::kNotCommitted), 2U);
  EXPECT_EQ(stage_.Get("count:mixco"), "1");
}

TEST_F(IngestTest, MunicipalitiesBeyondTheLimitAreRefused) {
  IngestStage stage(Limits(), {.municipalities_max = 2});
  stage.Start();
  const auto request = stage.Submit(
      {{}, {.municipality = kAntigua}, {.municipality = kCoban}, {.municipality = kMixco}});
  stage.Settle();
  EXPECT_EQ(stage.OutcomeOf(request).accepted, 3U);
  EXPECT_THAT(stage.OutcomeOf(request).rejections,
              ElementsAre(Pair(2, ErrorCode::kMunicipalityLimit)));
  EXPECT_EQ(stage.Get("count:mixco"), "2");
  EXPECT_EQ(stage.Get("count:coban"), "none");
}

TEST_F(IngestTest, WithoutRoomForIdsOnlyThoseWithIdsAreRefused) {
  IngestStage stage(Limits(), {.client_ids_max = 2});
  stage.Start();
  const auto first = stage.Submit({{.id = "a"}, {.id = "b"}});
  stage.Settle();
  const auto with_id = stage.Submit({{.id = "c"}, {}});
  const auto without = stage.Submit({{}});
  stage.Settle();
  EXPECT_EQ(stage.OutcomeOf(first).accepted, 2U);
  EXPECT_EQ(stage.OutcomeOf(with_id).failure, ErrorCode::kIdWindowFull);
  EXPECT_EQ(stage.OutcomeOf(without).accepted, 1U);
  EXPECT_EQ(stage.Get("count:mixco"), "3");
  EXPECT_EQ(stage.Rejected(ErrorCode::kIdWindowFull), 2U);
}

TEST_F(IngestTest, RefusesWhenTooManyReportsWait) {
  stage_.Start();
  const auto fits = stage_.SubmitMany(39);
  const auto too_many = stage_.SubmitMany(2);
  const auto fits_too = stage_.SubmitMany(1);
  EXPECT_EQ(stage_.OutcomeOf(too_many).failure, ErrorCode::kQueueFull);
  EXPECT_EQ(stage_.Rejected(ErrorCode::kQueueFull), 2U);
  EXPECT_FALSE(stage_.IsAnswered(fits));
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(fits).accepted, 39U);
  EXPECT_EQ(stage_.OutcomeOf(fits_too).accepted, 1U);
}

TEST_F(IngestTest, AnEmptyQueueTakesAnyRequest) {
  stage_.Start();
  const auto large = stage_.SubmitMany(41);
  const auto next = stage_.SubmitMany(1);
  EXPECT_EQ(stage_.OutcomeOf(next).failure, ErrorCode::kQueueFull);
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(large).accepted, 41U);
}

TEST_F(IngestTest, RefusedRowsTakeRoomInTheQueueToo) {
  stage_.Start();
  Submission* submission = stage_.ingest.Acquire();
  submission->waiter.sequence = 77;
  submission->decoded.is_batch = true;
  submission->decoded.reports.push_back({.temperature_celsius = 20});
  submission->decoded.row_index.push_back(0);
  for (std::uint32_t row = 1; row < 40; ++row) {
    submission->decoded.rejections.push_back({row, {ErrorCode::kOutOfRange, "too hot", {}}});
  }
  stage_.ingest.Submit(submission, stage_.now);
  EXPECT_EQ(stage_.OutcomeOf(stage_.SubmitMany(1)).failure, ErrorCode::kQueueFull);
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(77).accepted, 1U);
  EXPECT_EQ(stage_.metrics.queue_reports.Value(), 0);
}

TEST_F(IngestTest, ABrokenCounterOfIdsIsNamed) {
  stage_.Start();
  stage_.store.Execute({"DEL", std::string(kLeaseKey)});
  stage_.store.Execute({"LPUSH", std::string(kLeaseKey), "x"});
  std::uint32_t request = 0;
  do {  // Until the leased blocks are used up.
    request = stage_.SubmitMany(40);
    stage_.Settle();
  } while (stage_.IsAnswered(request));
  stage_.Pass(kTimeout);
  EXPECT_EQ(stage_.OutcomeOf(request).failure, ErrorCode::kNotCommitted);
  EXPECT_THAT(stage_.OutcomeOf(request).detail, HasSubstr("chaac:ids"));
}

TEST_F(IngestTest, ARequestWithoutValidRowsIsAnsweredAtOnce) {
  Submission* submission = stage_.ingest.Acquire();
  submission->waiter.sequence = 77;
  submission->decoded.is_batch = true;
  submission->decoded.rejections.push_back({0, {ErrorCode::kOutOfRange, "too hot", {}}});
  stage_.ingest.Submit(submission, stage_.now);
  EXPECT_FALSE(stage_.OutcomeOf(77).failure);
  EXPECT_EQ(stage_.OutcomeOf(77).accepted, 0U);
  EXPECT_EQ(stage_.Rejected(ErrorCode::kOutOfRange), 1U);
}

TEST_F(IngestTest, WhatWaitsTooLongIsRefusedAndNotStored) {
  stage_.Start();
  const auto in_flight = stage_.Submit({{}});
  stage_.Seal();
  stage_.Pass(milliseconds(500));
  const auto waiting = stage_.Submit({{}, {}});
  stage_.Pass(kTimeout - milliseconds(501));
  EXPECT_FALSE(stage_.IsAnswered(in_flight));
  stage_.Pass(milliseconds(1));
  EXPECT_EQ(stage_.OutcomeOf(in_flight).failure, ErrorCode::kOutcomeUnknown);
  EXPECT_FALSE(stage_.IsAnswered(waiting));
  stage_.Pass(milliseconds(500));
  EXPECT_EQ(stage_.OutcomeOf(waiting).failure, ErrorCode::kNotCommitted);
  EXPECT_EQ(stage_.metrics.queue_reports.Value(), 0);
  EXPECT_TRUE(stage_.ingest.Idle());
  stage_.Settle();
  EXPECT_EQ(stage_.Get("count:mixco"), "1");
  EXPECT_EQ(stage_.Rejected(ErrorCode::kNotCommitted), 2U);
  EXPECT_EQ(stage_.Rejected(ErrorCode::kOutcomeUnknown), 1U);
}

TEST_F(IngestTest, ALostReplyIsResolvedInTheBackgroundAndTheNextBatchGoesOn) {
  stage_.Start();
  const auto lost = stage_.Submit({{.id = "a"}});
  stage_.Seal();
  stage_.DeliverAndDisconnect();
  EXPECT_EQ(stage_.metrics.in_doubt.Value(), 1);
  stage_.Pass(kTimeout);
  EXPECT_EQ(stage_.OutcomeOf(lost).failure, ErrorCode::kOutcomeUnknown);
  const auto next = stage_.Submit({{}});
  EXPECT_EQ(stage_.OutcomeOf(next).failure, ErrorCode::kNotCommitted);  // Away for too long.
  stage_.Connect();
  EXPECT_EQ(stage_.metrics.in_doubt.Value(), 1);
  const auto after = stage_.Submit({{}});
  stage_.Seal();
  EXPECT_FALSE(stage_.IsAnswered(after));
  stage_.Settle();
  EXPECT_EQ(stage_.metrics.in_doubt.Value(), 0);
  EXPECT_EQ(stage_.OutcomeOf(after).accepted, 1U);
  EXPECT_EQ(stage_.Get("count:mixco"), "2");
  EXPECT_EQ(stage_.metrics.accepted.Value(), 2U);
  EXPECT_EQ(stage_.metrics.writer.resends.Value(), 1U);
}

TEST_F(IngestTest, AReplyThatComesAfterTheReconnectAnswersWhoStillWaits) {
  stage_.Start();
  const auto request = stage_.Submit({{}});
  stage_.Seal();
  stage_.DeliverAndDisconnect();
  stage_.Pass(milliseconds(100));
  stage_.Connect();
  stage_.Exchange();
  EXPECT_EQ(stage_.OutcomeOf(request).accepted, 1U);
  EXPECT_EQ(stage_.Get("count:mixco"), "1");
}

TEST_F(IngestTest, RequestsWaitThroughAShortAbsenceOfTheStore) {
  stage_.Start();
  stage_.Disconnect();
  const auto request = stage_.Submit({{}});
  stage_.Pass(kTimeout - milliseconds(1));
  const auto last = stage_.Submit({{}});
  EXPECT_FALSE(stage_.IsAnswered(request) || stage_.IsAnswered(last));
  stage_.Connect();
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(request).accepted, 1U);
  EXPECT_EQ(stage_.OutcomeOf(last).accepted, 1U);
}

TEST_F(IngestTest, RefusesAtOnceWhileTheStoreIsAwayForLonger) {
  stage_.Start();
  stage_.Disconnect();
  stage_.Pass(kTimeout);
  const auto request = stage_.Submit({{}});
  EXPECT_EQ(stage_.OutcomeOf(request).failure, ErrorCode::kNotCommitted);
  stage_.Start();
  stage_.Settle();
  EXPECT_EQ(stage_.Get("count:mixco"), "none");
}

TEST_F(IngestTest, AStoreThatRefusesWritesIsTold) {
  stage_.Start();
  stage_.store.SetError("-OOM command not allowed when used memory > 'maxmemory'.");
  const auto request = stage_.Submit({{}});
  stage_.Seal();
  stage_.Exchange();
  EXPECT_EQ(stage_.OutcomeOf(request).failure, ErrorCode::kNotCommitted);
  EXPECT_THAT(stage_.OutcomeOf(request).detail, HasSubstr("OOM command not allowed"));
  stage_.store.SetError("");
  const auto later = stage_.Submit({{}});
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(later).accepted, 1U);
  EXPECT_EQ(stage_.Get("count:mixco"), "1");
}

TEST_F(IngestTest, ALostFenceIsNotCommittedAndSentAnewUnlessInDoubt) {
  stage_.Start();
  stage_.Submit({{}});
  stage_.Settle();
  stage_.store.Execute({"FLUSHALL"});
  const auto anew = stage_.Submit({{}});
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(anew).accepted, 1U);

  const auto doubtful = stage_.Submit({{}});
  stage_.Seal();
  stage_.DeliverAndDisconnect();
  stage_.store.Execute({"FLUSHALL"});
  stage_.Connect();
  stage_.Exchange();
  EXPECT_EQ(stage_.OutcomeOf(doubtful).failure, ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(stage_.Get("count:mixco"), "none");
}

TEST_F(IngestTest, FunctionsThatAreGoneAreLoadedWithoutAnyoneNoticing) {
  stage_.Start();
  stage_.store.Execute({"FUNCTION", "FLUSH"});
  const auto request = stage_.Submit({{}});
  stage_.Seal();
  stage_.Exchange();
  EXPECT_FALSE(stage_.IsAnswered(request));
  stage_.Pass(milliseconds(50));
  stage_.Exchange();
  EXPECT_EQ(stage_.OutcomeOf(request).accepted, 1U);
}

TEST_F(IngestTest, ARefusedBatchInDoubtIsNotSentAnewForThoseWhoWereTold) {
  stage_.Start();
  stage_.store.Execute({"SET", "tweets:antigua", "a string"});
  const auto told = stage_.Submit({{}, {.municipality = kAntigua}});
  stage_.Seal();
  stage_.Pass(kTimeout);
  EXPECT_EQ(stage_.OutcomeOf(told).failure, ErrorCode::kOutcomeUnknown);
  const auto other = stage_.Submit({{}});
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(other).accepted, 1U);
  EXPECT_EQ(stage_.Get("count:mixco"), "1");  // The other's alone.
}

TEST_F(IngestTest, TellsWhenTheStoreOwesAReplyForTooLong) {
  stage_.Start();
  stage_.Pass(kTimeout * 10);
  EXPECT_FALSE(stage_.ingest.ReplyIsOverdue(stage_.now));
  stage_.Submit({{}});
  stage_.Seal();
  stage_.Pass(kTimeout - milliseconds(1));
  EXPECT_FALSE(stage_.ingest.ReplyIsOverdue(stage_.now));
  stage_.Pass(milliseconds(1));
  EXPECT_TRUE(stage_.ingest.ReplyIsOverdue(stage_.now));
  stage_.Exchange();
  EXPECT_FALSE(stage_.ingest.ReplyIsOverdue(stage_.now));
}

// Rows with the id of an earlier row are told what that row was told.
TEST_F(IngestTest, RepeatsWithinARequestShareTheFateOfTheirRow) {
  stage_.Start();
  stage_.Submit({{.id = "a"}});
  stage_.Settle();
  const auto conflicting = stage_.SubmitTwice({.id = "a", .temperature = 99});
  const auto known = stage_.SubmitTwice({.id = "a"});
  const auto fresh = stage_.SubmitTwice({.id = "b"});
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(conflicting).accepted, 0U);
  EXPECT_THAT(stage_.OutcomeOf(conflicting).rejections,
              ElementsAre(Pair(0, ErrorCode::kIdConflict), Pair(1, ErrorCode::kIdConflict)));
  EXPECT_EQ(stage_.OutcomeOf(known).accepted, 2U);
  EXPECT_THAT(stage_.OutcomeOf(known).rejections, IsEmpty());
  EXPECT_EQ(stage_.OutcomeOf(fresh).accepted, 2U);
  EXPECT_EQ(stage_.Get("count:mixco"), "2");
  EXPECT_EQ(stage_.metrics.accepted.Value(), 2U);
  EXPECT_EQ(stage_.metrics.repeated.Value(), 3U);
  EXPECT_EQ(stage_.Rejected(ErrorCode::kIdConflict), 2U);
}

}  // namespace
}  // namespace chaac
