// Writer against the shipped chaac.lua in LuaStore, and against answers made by hand: every fate,
// what is sent again and what never is, identities, fences and leases.
#include "store/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "store/library.h"
#include "store/testing/lua_store.h"
#include "store/testing/replies.h"
#include "store/testing/resp_server.h"
#include "store/testing/writer_stage.h"

namespace chaac {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

std::size_t CountOf(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST_F(WriterTest, IsReadyOnceIdsAreLeasedAndNothingIsInFlight) {
  EXPECT_FALSE(writer_.ReadyFor(0));
  server_.emplace(&store_);
  writer_.OnLinkUp(store_.node(), &sent_);
  EXPECT_TRUE(writer_.AwaitsReply());
  EXPECT_TRUE(writer_.ReadyFor(0));
  EXPECT_FALSE(writer_.ReadyFor(1));
  EXPECT_EQ(Exchange(), Fate::kUndecided);
  EXPECT_FALSE(writer_.AwaitsReply());
  EXPECT_TRUE(writer_.ReadyFor(kIdsBlock));
  EXPECT_FALSE(writer_.ReadyFor(kIdsBlock + 1));
  Send();
  EXPECT_FALSE(writer_.ReadyFor(0));
  EXPECT_EQ(Exchange(), Fate::kApplied);
  EXPECT_TRUE(writer_.ReadyFor(kIdsBlock));
  Disconnect();
  EXPECT_FALSE(writer_.ReadyFor(0));
}

TEST_F(WriterTest, NumbersItsBatchesUnderOneFenceThatItOpensOnce) {
  Connect();
  Send();
  EXPECT_THAT(sent_, HasSubstr("chaac_open_v1"));
  EXPECT_EQ(Exchange(), Fate::kApplied);
  EXPECT_EQ(Fence(1), "1");
  Send();
  EXPECT_THAT(sent_, Not(HasSubstr("chaac_open_v1")));
  EXPECT_EQ(Exchange(), Fate::kApplied);
  EXPECT_EQ(Fence(1), "2");
  Disconnect();
  Reconnect();
  Send();
  EXPECT_THAT(sent_, Not(HasSubstr("chaac_open_v1")));
  EXPECT_EQ(Exchange(), Fate::kApplied);
  EXPECT_EQ(Fence(1), "3");
  EXPECT_EQ(Count(), "3");
  EXPECT_EQ(metrics_.resends.Value(), 0U);
}

TEST_F(WriterTest, ALostReplyIsAskedForAgainWithTheSameBytesAndCountedOnce) {
  Connect();
  Send();
  EXPECT_FALSE(writer_.InDoubt());
  DeliverAndLoseReplies();
  EXPECT_EQ(Count(), "1");
  EXPECT_TRUE(writer_.InDoubt());
  EXPECT_FALSE(writer_.AwaitsReply());
  Reconnect();
  EXPECT_THAT(sent_, testing::EndsWith(command_));
  EXPECT_EQ(Exchange(), Fate::kApplied);
  EXPECT_FALSE(writer_.InDoubt());
  EXPECT_EQ(Count(), "1");
  EXPECT_EQ(metrics_.resends.Value(), 1U);
  EXPECT_EQ(Commit(), Fate::kApplied);
  EXPECT_EQ(Count(), "2");
}

TEST_F(WriterTest, ABatchThatNeverArrivedIsAppliedByTheSecondCopyAndNotByALateFirstOne) {
  Connect();
  Send();
  const std::string held = sent_;
  Disconnect();
  Reconnect();
  EXPECT_EQ(Exchange(), Fate::kApplied);
  EXPECT_THAT(RespServer(&store_).Feed(held), HasSubstr("+REPEATED\r\n"));
  EXPECT_EQ(Count(), "1");
  EXPECT_EQ(Commit(), Fate::kApplied);
  EXPECT_THAT(RespServer(&store_).Feed(held), HasSubstr("+REPEATED\r\n"));
  EXPECT_EQ(Count(), "2");
}

TEST_F(WriterTest, AnOpenThatWasNotConfirmedIsSentAgain) {
  Connect();
  Send();
  Disconnect();
  Reconnect();
  EXPECT_EQ(CountOf(sent_, "chaac_open_v1"), 1U);
  EXPECT_EQ(Exchange(), Fate::kApplied);
}

TEST_F(WriterTest, KnownIdsGiveTheBatchUpUnderAnotherIdentity) {
  Connect();
  client_id_ = "a";
  EXPECT_EQ(Commit(), Fate::kApplied);
  Send();
  const std::string reply = server_->Feed(sent_);
  sent_.clear();
  EXPECT_EQ(Receive(reply), Fate::kKnownIds);
  EXPECT_THAT(reply, testing::EndsWith("*3\r\n$5\r\nKNOWN\r\n:0\r\n$16\r\n0000000000000001\r\n"));
  EXPECT_EQ(Fence(1), "closed");
  EXPECT_EQ(metrics_.renewals.Value(), 1U);
  EXPECT_EQ(writer_.NextHeader(now_).writer, "writer-2");
  EXPECT_EQ(writer_.NextHeader(now_).sequence, 1U);
}

TEST_F(WriterTest, EachRefusalHasItsFateAndRenewsTheIdentity) {
  Connect();
  store_.Execute({"LPUSH", "count:mixco", "x"});
  EXPECT_EQ(Commit(), Fate::kRefused);
  store_.Execute({"DEL", "count:mixco"});
  options_.municipalities_max = 0;
  EXPECT_EQ(Commit(), Fate::kFull);
  options_.municipalities_max = 1;
  options_.client_ids_max = 0;
  client_id_ = "a";
  EXPECT_EQ(Commit(), Fate::kIdWindowFull);
  client_id_.clear();
  EXPECT_EQ(Commit(), Fate::kApplied);
  EXPECT_EQ(Count(), "1");
  EXPECT_EQ(metrics_.renewals.Value(), 3U);
  EXPECT_EQ(writer_.NextHeader(now_).writer, "writer-4");
}

TEST_F(WriterTest, TheFenceOfAnEarlierIdentityGoesWithTheNextOpen) {
  Connect();
  store_.Execute({"LPUSH", "count:mixco", "x"});
  EXPECT_EQ(Commit(), Fate::kRefused);
  EXPECT_EQ(Fence(1), "closed");
  store_.Execute({"DEL", "count:mixco"});
  EXPECT_EQ(Commit(), Fate::kApplied);
  EXPECT_EQ(Fence(1), "none");
  EXPECT_EQ(Fence(2), "1");
}

// With its fence gone, a held copy of open and commit would be applied as new.
TEST_F(WriterTest, AFenceStaysClosedWhileCopiesOfItsCommandsMayBeUnderWay) {
  Connect();
  store_.Execute({"LPUSH", "count:mixco", "x"});
  Send();
  const std::string held = sent_;
  Disconnect();
  Reconnect();
  EXPECT_EQ(Exchange(), Fate::kRefused);
  store_.Execute({"DEL", "count:mixco"});
  EXPECT_EQ(Commit(), Fate::kApplied);
  EXPECT_EQ(Fence(1), "closed");
  EXPECT_THAT(RespServer(&store_).Feed(held), HasSubstr("+CLOSED\r\n"));
  EXPECT_EQ(Count(), "1");
}

TEST_F(WriterTest, ARefusalWhoseAnswerWasLostIsCertainlyNotApplied) {
  Connect();
  store_.Execute({"LPUSH", "count:mixco", "x"});
  Send();
  DeliverAndLoseReplies();
  store_.Execute({"DEL", "count:mixco"});
  Reconnect();
  EXPECT_EQ(Exchange(), Fate::kNotApplied);  // CLOSED
  EXPECT_EQ(Count(), "none");
  EXPECT_EQ(Commit(), Fate::kApplied);
  EXPECT_EQ(Count(), "1");
}

TEST_F(WriterTest, AGapTellsHowManyCommittedBatchesAreLost) {
  Connect();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Commit(), Fate::kApplied);
  store_.Execute({"SET", FenceKey("writer-1"), "2"});  // As after a failover.
  EXPECT_EQ(Commit(), Fate::kNotApplied);
  EXPECT_EQ(metrics_.lost_batches.Value(), 3U);
  EXPECT_EQ(Commit(), Fate::kApplied);
  EXPECT_EQ(Fence(2), "1");
  EXPECT_EQ(metrics_.lost_batches.Value(), 3U);
}

TEST_F(WriterTest, WithoutItsFenceABatchIsNotAppliedUnlessItIsInDoubt) {
  Connect();
  EXPECT_EQ(Commit(), Fate::kApplied);
  store_.Execute({"FLUSHALL"});
  EXPECT_EQ(Commit(), Fate::kNotApplied);
  EXPECT_EQ(metrics_.lost_batches.Value(), 1U);
  EXPECT_EQ(Commit(), Fate::kApplied);
  Send();
  DeliverAndLoseReplies();
  store_.Execute({"FLUSHALL"});
  Reconnect();
  EXPECT_EQ(Exchange(), Fate::kUnknown);
  EXPECT_EQ(Commit(), Fate::kApplied);
  EXPECT_EQ(Count(), "1");
  EXPECT_EQ(identities_, 3);
}

TEST_F(WriterTest, AFenceThatExpiredIdlyIsNoLoss) {
  Connect();
  EXPECT_EQ(Commit(), Fate::kApplied);
  now_ += options_.fence_ttl + hours(1);
  store_.Execute({"DEL", FenceKey("writer-1")});
  EXPECT_EQ(Commit(), Fate::kNotApplied);
  EXPECT_EQ(metrics_.lost_batches.Value(), 0U);
}

TEST_F(WriterTest, ACommandRefusedWithinTheFunctionLeavesTheFateUnknown) {
  Connect();
  store_.SetError("-NOPERM ACL failure in script: User u has no permissions to run 'incr'");
  EXPECT_EQ(Commit(), Fate::kUnknown);
  store_.SetError("-NOPERM User u has no permissions to run the 'fcall' command");
  EXPECT_EQ(Commit(), Fate::kStoreRefused);
}

TEST_F(WriterTest, MissingFunctionsAreLoadedAndTheBatchIsSentAgain) {
  Connect();
  Send();
  const std::string command = command_;
  store_.Execute({"FUNCTION", "FLUSH"});
  EXPECT_EQ(Exchange(), Fate::kUndecided);
  EXPECT_FALSE(writer_.InDoubt());
  EXPECT_FALSE(writer_.ReadyFor(0));
  writer_.OnTick(&sent_);
  EXPECT_THAT(sent_, testing::EndsWith(command));
  EXPECT_EQ(Exchange(), Fate::kApplied);
  EXPECT_EQ(Count(), "1");
  EXPECT_TRUE(writer_.ReadyFor(1));
  EXPECT_EQ(metrics_.resends.Value(), 0U);
}

TEST_F(WriterTest, FunctionsThatAreMissingForALeaseAreLoadedToo) {
  store_.Execute({"FUNCTION", "FLUSH"});
  server_.emplace(&store_);
  writer_.OnLinkUp(store_.node(), &sent_);
  EXPECT_EQ(Exchange(), Fate::kUndecided);
  EXPECT_FALSE(writer_.ReadyFor(0));
  writer_.OnTick(&sent_);
  EXPECT_EQ(Exchange(), Fate::kUndecided);
  EXPECT_TRUE(writer_.ReadyFor(kIdsBlock));
}

TEST_F(WriterTest, ARefusalOnEntryIsFinalUnlessAnEarlierCopyIsInDoubt) {
  for (const std::string error :
       {"-OOM command not allowed", "-MISCONF disk", "-READONLY replica", "-NOREPLICAS few",
        "-BUSY script", "-LOADING data", "-MASTERDOWN link"}) {
    SCOPED_TRACE(error);
    store_.SetError("");
    const std::string before = Count();
    if (!writer_.ReadyFor(1)) Connect();
    store_.SetError(error);
    EXPECT_EQ(Commit(), Fate::kStoreRefused);
    EXPECT_EQ(Count(), before);
  }
  store_.SetError("");
  const std::string before = Count();
  Send();
  DeliverAndLoseReplies();
  EXPECT_NE(Count(), before);
  store_.SetError("-OOM command not allowed");
  const std::string after = Count();
  Reconnect();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Exchange(), Fate::kUndecided);
    EXPECT_TRUE(writer_.InDoubt());
    writer_.OnTick(&sent_);
    EXPECT_THAT(sent_, testing::EndsWith(command_));
  }
  store_.SetError("");
  EXPECT_EQ(Exchange(), Fate::kApplied);
  EXPECT_EQ(Count(), after);
}

TEST_F(WriterTest, AnswersNobodyUnderstandsLeaveTheFateUnknown) {
  for (const std::string reply : {"-ERR something new\r\n", "+MAYBE\r\n", ":7\r\n", "$-1\r\n",
                                  "*0\r\n", "*1\r\n:1\r\n", "-WRONGTYPE Operation\r\n"}) {
    SCOPED_TRACE(reply);
    if (!writer_.ReadyFor(1)) Connect();
    const int identities = identities_;
    Send();
    std::string replies = server_->Feed(sent_);
    sent_.clear();
    constexpr std::string_view kBefore = "+OPENED\r\n";
    replies.erase(replies.find(kBefore) + kBefore.size());
    EXPECT_EQ(Receive(replies + reply), Fate::kUnknown);
    EXPECT_EQ(identities_, identities + 1);
  }
}

TEST_F(WriterTest, RepliesThatNobodyAskedForAreIgnored) {
  EXPECT_EQ(Receive("+APPLIED\r\n"), Fate::kUndecided);
  Connect();
  EXPECT_EQ(Receive("+APPLIED\r\n:7\r\n"), Fate::kUndecided);
  EXPECT_EQ(Commit(), Fate::kApplied);
}

TEST_F(WriterTest, TheFenceIsRefreshedOnceAnHour) {
  Connect();
  EXPECT_TRUE(writer_.NextHeader(now_).refresh_fence);
  EXPECT_FALSE(writer_.NextHeader(now_ + minutes(59)).refresh_fence);
  EXPECT_TRUE(writer_.NextHeader(now_ + hours(1)).refresh_fence);
}

TEST_F(WriterTest, NoIdIsGivenTwiceByWritersOfOneStore) {
  Writer other(
      &options_, [] { return "other"; }, kIdsBlock, &metrics_);
  RespServer others_server(&store_);
  std::string others_sent;
  const auto exchange_other = [&] {
    ReplyReader reader;
    reader.Feed(others_server.Feed(others_sent));
    others_sent.clear();
    for (ReplyPtr reply; reader.Next(&reply) == ReplyReader::Status::kReply;) {
      EXPECT_EQ(other.OnReply(*reply), Fate::kUndecided);
    }
  };
  Connect();
  other.OnLinkUp(store_.node(), &others_sent);
  exchange_other();
  std::set<std::uint64_t> ids;
  std::size_t given = 0;
  const auto take = [&](Writer* writer, std::uint32_t count) {
    ASSERT_TRUE(writer->ReadyFor(count));
    const std::uint64_t first = writer->TakeIds(count);
    for (std::uint32_t i = 0; i < count; ++i) ids.insert(first + i);
    given += count;
  };
  for (std::uint32_t round = 0; round < 50; ++round) {
    take(&writer_, 1 + round * 37 % kIdsBlock);
    take(&other, 1 + round * 53 % kIdsBlock);
    if (round % 7 == 3) {  // A lease's answer is lost with the connection.
      writer_.OnTick(&sent_);
      DeliverAndLoseReplies();
      Reconnect();
    }
    writer_.OnTick(&sent_);
    EXPECT_EQ(Exchange(), Fate::kUndecided);
    other.OnTick(&others_sent);
    exchange_other();
  }
  EXPECT_EQ(ids.size(), given);
}

// With acknowledgements that need two replicas. `replicas_` have everything at once.
class ReplicaWriterTest : public WriterTest {
 protected:
  ReplicaWriterTest() : WriterTest({.replicas = 2, .wait = std::chrono::milliseconds(70)}) {
    store_.AnswerWaits([this](std::uint64_t writes) {
      waited_for_.push_back(writes);
      return replicas_;
    });
  }

  std::int64_t replicas_ = 2;
  std::vector<std::uint64_t> waited_for_;
};

TEST_F(WriterTest, NothingIsWaitedForWithoutReplicas) {
  Connect();
  Send();
  EXPECT_THAT(sent_, Not(HasSubstr("WAIT")));
}

TEST_F(ReplicaWriterTest, ACommitIsAcknowledgedOnceTheReplicasHaveIt) {
  Connect();
  Send();
  EXPECT_THAT(sent_, testing::EndsWith(command_ + "*3\r\n$4\r\nWAIT\r\n$1\r\n2\r\n$2\r\n70\r\n"));
  const std::string replies = server_->Feed(sent_);
  sent_.clear();
  const std::size_t wait_at = replies.rfind(":2");
  EXPECT_EQ(Receive(replies.substr(0, wait_at)), Fate::kUndecided);
  EXPECT_TRUE(writer_.AwaitsReplicas());
  EXPECT_FALSE(writer_.ReadyFor(0));
  EXPECT_EQ(Receive(replies.substr(wait_at)), Fate::kApplied);
  EXPECT_FALSE(writer_.AwaitsReplicas());
  EXPECT_TRUE(writer_.ReadyFor(1));
  EXPECT_EQ(waited_for_.back(), store_.writes());
  EXPECT_EQ(Commit(), Fate::kApplied);
  EXPECT_EQ(Count(), "2");
  EXPECT_EQ(metrics_.ack_shortfalls.Value(), 0U);
}

TEST_F(ReplicaWriterTest, WithTooFewReplicasTheSameBatchIsSentAgainUntilThereAreEnough) {
  Connect();
  replicas_ = 1;
  EXPECT_EQ(Commit(), Fate::kUndecided);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(metrics_.ack_shortfalls.Value(), i);
    EXPECT_TRUE(writer_.InDoubt());
    EXPECT_TRUE(writer_.AwaitsReplicas());
    writer_.OnTick(&sent_);
    EXPECT_THAT(sent_, testing::StartsWith(command_));
    EXPECT_EQ(Exchange(), Fate::kUndecided);
    EXPECT_EQ(waited_for_.back(), store_.writes()) << "the repeat performed no write";
  }
  replicas_ = 2;
  writer_.OnTick(&sent_);
  EXPECT_EQ(Exchange(), Fate::kApplied);
  EXPECT_EQ(Count(), "1");
  EXPECT_EQ(metrics_.resends.Value(), 0U);
  EXPECT_EQ(metrics_.renewals.Value(), 0U);
  EXPECT_EQ(Commit(), Fate::kApplied);
  EXPECT_EQ(Fence(1), "2");
}

TEST_F(ReplicaWriterTest, ARepeatOnANewConnectionWaitsForTheCommitItself) {
  Connect();
  Send();
  DeliverAndLoseReplies();
  EXPECT_TRUE(writer_.InDoubt());
  EXPECT_FALSE(writer_.AwaitsReplicas());
  const std::uint64_t committed = store_.writes();
  Reconnect();
  EXPECT_EQ(Exchange(), Fate::kApplied);
  EXPECT_GT(waited_for_.back(), committed);
  EXPECT_EQ(Count(), "1");
}

TEST_F(ReplicaWriterTest, AnIdThatIsKnownIsAcknowledgedOnlyWhenTheReplicasKnowItToo) {
  Connect();
  client_id_ = "a";
  EXPECT_EQ(Commit(), Fate::kApplied);
  replicas_ = 0;
  EXPECT_EQ(Commit(), Fate::kNotApplied);  // To be asked for again, under another identity.
  EXPECT_EQ(writer_.NextHeader(now_).writer, "writer-2");
  replicas_ = 2;
  Send();
  const std::string replies = server_->Feed(sent_);
  sent_.clear();
  ReplyReader reader;
  reader.Feed(replies);
  Fate fate = Fate::kUndecided;
  for (ReplyPtr reply; reader.Next(&reply) == ReplyReader::Status::kReply;) {
    fate = writer_.OnReply(*reply);
    if (fate != Fate::kUndecided) {
      EXPECT_EQ(WordsOf(writer_.Verdict(*reply)), "KNOWN 0 0000000000000001");
    }
  }
  EXPECT_EQ(fate, Fate::kKnownIds);
  EXPECT_EQ(Count(), "1");
}

TEST_F(ReplicaWriterTest, AWaitBehindARefusedCommitDecidesNothing) {
  Connect();
  store_.SetError("-OOM command not allowed");
  Send();
  const std::string replies = server_->Feed(sent_);
  sent_.clear();
  const std::size_t wait_at = replies.rfind(":2");
  EXPECT_EQ(Receive(replies.substr(0, wait_at)), Fate::kStoreRefused);
  store_.SetError("");
  Send();  // Before the reply to the old WAIT.
  EXPECT_EQ(Receive(replies.substr(wait_at)), Fate::kUndecided);
  EXPECT_EQ(Exchange(), Fate::kApplied);
  EXPECT_EQ(Count(), "1");
}

TEST_F(ReplicaWriterTest, AfterAFailoverThatLostItABatchIsSealedAnewAndNoLossIsCounted) {
  Connect();
  EXPECT_EQ(Commit(), Fate::kApplied);
  const auto replica = store_.Snapshot();
  replicas_ = 1;
  EXPECT_EQ(Commit(), Fate::kUndecided);
  EXPECT_EQ(Count(), "2");
  Disconnect();
  store_.Promote(replica);
  EXPECT_EQ(Count(), "1");
  replicas_ = 2;
  Reconnect();
  EXPECT_EQ(Exchange(), Fate::kApplied);
  EXPECT_EQ(Count(), "2");
  EXPECT_EQ(metrics_.lost_batches.Value(), 0U);
}

TEST_F(ReplicaWriterTest, AWaitThatIsAnErrorIsAShortfall) {
  Connect();
  Send();
  std::string replies = server_->Feed(sent_);
  sent_.clear();
  replies.erase(replies.rfind(":2"));
  EXPECT_EQ(Receive(replies + "-ERR WAIT cannot be used with replica instances\r\n"),
            Fate::kUndecided);
  EXPECT_EQ(metrics_.ack_shortfalls.Value(), 1U);
  EXPECT_TRUE(writer_.InDoubt());
}

}  // namespace
}  // namespace chaac
