// Writer and several nodes at one address: what each of them says proves something of itself alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/testing/writer_stage.h"

namespace chaac {
namespace {

using std::chrono::seconds;

// A primary that was cut off, and the replica that was promoted in its place, at one address.
class ReplacedPrimaryTest : public WriterTest {
 protected:
  // One batch is committed; then `store_` is the successor of `stale_`, with the same data.
  void Replace() {
    Connect();
    EXPECT_EQ(Commit(), Fate::kApplied);
    Disconnect();
    stale_.SetTime(WallTime(seconds(1'700'000'000)));
    stale_.Execute({"FUNCTION", "LOAD", std::string(kLibraryCode)});
    stale_.Promote(store_.Snapshot());
    stale_.SetNode(store_.node());
    store_.Promote(store_.Snapshot());
    EXPECT_EQ(store_.node().predecessor_id, stale_.node().replication_id);
    Reconnect();
    Exchange();
  }

  // The successor applies a batch; its reply is lost, and the address leads to the old primary.
  void LoseReplyAndReachTheOldPrimary() {
    Send();
    DeliverAndLoseReplies();
    ReachTheOldPrimary();
  }

  void ReachTheOldPrimary() {
    server_.emplace(&stale_);
    sent_.clear();
    writer_.OnLinkUp(stale_.node(), &sent_);
  }

  LuaStore stale_;
};

TEST_F(ReplacedPrimaryTest, ItsGapDoesNotProveThatABatchInDoubtWasNotApplied) {
  Replace();
  EXPECT_EQ(Commit(), Fate::kApplied);
  LoseReplyAndReachTheOldPrimary();
  EXPECT_EQ(Exchange(), Fate::kUnknown);
  EXPECT_EQ(Count(), "3");
  EXPECT_EQ(metrics_.lost_batches.Value(), 0U);  // The successor has them.
  Disconnect();
  Reconnect();
  Exchange();
  EXPECT_EQ(Commit(), Fate::kApplied);
  EXPECT_EQ(Count(), "4");
}

// Whatever a node answers that refuses the batch: it speaks of that node alone.
TEST_F(ReplacedPrimaryTest, NoRefusalOfItProvesAnything) {
  Replace();
  const auto refuse = [&](const std::vector<std::string>& change,
                          const std::vector<std::string>& back) {
    SCOPED_TRACE(change[0] + " " + change[1]);
    stale_.Promote(store_.Snapshot());
    stale_.SetNode({.replication_id = store_.node().predecessor_id, .predecessor_id = {}});
    stale_.Execute(change);
    LoseReplyAndReachTheOldPrimary();
    EXPECT_EQ(Exchange(), Fate::kUnknown);
    stale_.Execute(back);
    Disconnect();
    Reconnect();
    Exchange();
    client_id_.clear();
    EXPECT_EQ(Commit(), Fate::kApplied);  // Opens the fence of the next round.
  };
  refuse({"SET", "recent:mixco", "no list"}, {"DEL", "recent:mixco"});  // REFUSED
  const std::string fence = FenceKey("writer-" + std::to_string(identities_));
  refuse({"SET", fence, "closed"}, {"DEL", fence});  // CLOSED
  client_id_ = "a";
  refuse({"HSET", "chaac:seen:18888", "a", "0000000000000001"},
         {"DEL", "chaac:seen:18888"});  // KNOWN
  EXPECT_EQ(metrics_.lost_batches.Value(), 0U);
}

TEST_F(ReplacedPrimaryTest, TheNodeThatAloneReceivedABatchDoesProveIt) {
  Replace();
  Send();
  Disconnect();  // It was not read.
  Reconnect();
  store_.Execute({"SET", FenceKey("writer-1"), "0"});
  EXPECT_EQ(Exchange(), Fate::kNotApplied);
  EXPECT_EQ(metrics_.lost_batches.Value(), 1U);
}

// The successor has read neither of two batches: the old primary applied the first in its place.
// What is then sealed anew must not get in a second time by the copies that are still on their way.
TEST_F(ReplacedPrimaryTest, AfterAGapNoCopyThatIsStillUnderWayIsApplied) {
  Replace();
  Send();
  const std::string first = sent_;
  Disconnect();
  ReachTheOldPrimary();
  const std::string replies = RespServer(&stale_).Feed(sent_);
  sent_.clear();
  EXPECT_EQ(Receive(replies), Fate::kApplied);
  Disconnect();
  Reconnect();
  Exchange();
  Send();
  const std::string second = sent_;
  Disconnect();
  Reconnect();
  EXPECT_EQ(Exchange(), Fate::kNotApplied);
  const std::string before = Count();
  EXPECT_THAT(RespServer(&store_).Feed(first), testing::HasSubstr("+CLOSED"));
  EXPECT_THAT(RespServer(&store_).Feed(second), testing::HasSubstr("+CLOSED"));
  EXPECT_EQ(Count(), before);
}

TEST_F(ReplacedPrimaryTest, ABatchThatBothReceivedIsProvenByNeither) {
  Replace();
  LoseReplyAndReachTheOldPrimary();
  DeliverAndLoseReplies();
  store_.Execute({"SET", FenceKey("writer-1"), "0"});
  Reconnect();
  EXPECT_EQ(Exchange(), Fate::kUnknown);
}

TEST_F(ReplacedPrimaryTest, AStoreThatDoesNotTellWhichNodeItIsProvesNothing) {
  Connect();
  store_.SetNode({});
  Disconnect();
  Reconnect();
  EXPECT_EQ(Commit(), Fate::kApplied);
  Send();
  Disconnect();
  Reconnect();
  store_.Execute({"SET", FenceKey("writer-1"), "0"});
  EXPECT_EQ(Exchange(), Fate::kUnknown);
}

TEST_F(ReplacedPrimaryTest, WhatASuccessorLacksIsLost) {
  Connect();
  EXPECT_EQ(Commit(), Fate::kApplied);
  const auto replica = store_.Snapshot();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Commit(), Fate::kApplied);
  Disconnect();
  store_.Promote(replica);
  Reconnect();
  Exchange();
  EXPECT_EQ(Commit(), Fate::kNotApplied);
  EXPECT_EQ(metrics_.lost_batches.Value(), 3U);
}

}  // namespace
}  // namespace chaac
