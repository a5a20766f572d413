// Ingest with acknowledgements that need replicas: what waiters are told while these are too few.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "ingest/ingest.h"
#include "ingest/testing/ingest_stage.h"

namespace chaac {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds kTimeout = IngestLimits{}.reply_timeout;

class IngestReplicasTest : public testing::Test {
 protected:
  static IngestLimits Limits() {
    IngestLimits limits;
    limits.batch_wait_max = {};
    limits.ack_replicas = 1;
    return limits;
  }

  IngestReplicasTest() {
    stage_.store.AnswerWaits([this](std::uint64_t) { return replicas_; });
    stage_.Start();
  }

  // Time passes in which every copy sent is answered.
  void PassExchanging(milliseconds elapsed) {
    for (milliseconds at{0}; at < elapsed; at += milliseconds(100)) {
      stage_.Pass(milliseconds(100));
      stage_.Exchange();
    }
  }

  std::int64_t replicas_ = 0;
  IngestStage stage_{Limits()};
};

TEST_F(IngestReplicasTest, NothingIsAcknowledgedUntilTheReplicasHaveIt) {
  const auto request = stage_.Submit({{}});
  stage_.Seal();
  stage_.Exchange();
  EXPECT_EQ(stage_.Get("count:mixco"), "1");
  EXPECT_FALSE(stage_.IsAnswered(request));
  replicas_ = 1;
  PassExchanging(milliseconds(100));
  EXPECT_EQ(stage_.OutcomeOf(request).accepted, 1U);
  EXPECT_EQ(stage_.Get("count:mixco"), "1");
  EXPECT_GE(stage_.metrics.writer.ack_shortfalls.Value(), 1U);
}

TEST_F(IngestReplicasTest, WaitersAreToldThatTheirReportIsStoredAndNotSafe) {
  const auto stored = stage_.Submit({{}});
  stage_.Seal();
  PassExchanging(kTimeout / 2);
  const auto behind = stage_.Submit({{}});
  PassExchanging(kTimeout / 2);
  EXPECT_EQ(stage_.OutcomeOf(stored).failure, ErrorCode::kOutcomeUnknown);
  EXPECT_THAT(stage_.OutcomeOf(stored).detail, HasSubstr("is stored, but fewer replicas"));
  PassExchanging(kTimeout / 2);
  EXPECT_EQ(stage_.OutcomeOf(behind).failure, ErrorCode::kNotCommitted);
  EXPECT_THAT(stage_.OutcomeOf(behind).detail, HasSubstr("--ack-replicas"));
  replicas_ = 1;
  PassExchanging(milliseconds(100));
  const auto after = stage_.Submit({{}});
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(after).accepted, 1U);
  EXPECT_EQ(stage_.Get("count:mixco"), "2");
  EXPECT_EQ(stage_.metrics.in_doubt.Value(), 0);
}

TEST_F(IngestReplicasTest, AnIdThatOnlyThePrimaryKnowsIsNotAcknowledgedAgain) {
  replicas_ = 1;
  const auto first = stage_.Submit({{.id = "a"}});
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(first).accepted, 1U);
  replicas_ = 0;
  const auto again = stage_.Submit({{.id = "a"}});
  stage_.Seal();
  stage_.Exchange();
  EXPECT_FALSE(stage_.IsAnswered(again));
  replicas_ = 1;
  stage_.Settle();
  EXPECT_EQ(stage_.OutcomeOf(again).accepted, 1U);
  EXPECT_EQ(stage_.OutcomeOf(again).first_id, "a");
  EXPECT_EQ(stage_.Get("count:mixco"), "1");
  EXPECT_EQ(stage_.metrics.repeated.Value(), 1U);
}

}  // namespace
}  // namespace chaac
