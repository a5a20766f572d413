// Queries against the store's stand-in: what is answered, what is shared, and what is given up.
#include "query/query_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "report/rfc3339.h"
#include "store/testing/lua_store.h"
#include "store/testing/replies.h"
#include "store/testing/resp_server.h"

namespace chaac {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const WallTime kNow = ParseRfc3339("2026-11-25T18:00:30Z").value();
constexpr std::int64_t kHour = 498'786;  // Of kNow, since 1970.

std::string Line(std::string_view id, int second) {
  return R"({"id":")" + std::string(id) + R"(","municipality":"m","at":")" +
         FormatRfc3339(kNow - std::chrono::minutes(1) + std::chrono::seconds(second)) + R"("})";
}

Query Recent(std::string municipality, std::size_t limit = 20) {
  return {.municipality = std::move(municipality), .limit = limit};
}

Query LastHours(std::string municipality, int count) {
  const std::int64_t end = (kHour + 1) * kHourMinutes;
  return {.subject = Query::Subject::kHistory,
          .municipality = std::move(municipality),
          .window = {.from_minute = end - count * kHourMinutes,
                     .to_minute = end,
                     .step_minutes = kHourMinutes}};
}

class QueryTableTest : public testing::Test {
 protected:
  QueryTableTest() {
    store_.SetTime(kNow);
    table_.OnLinkUp();
  }

  // Asks as `name`.
  void Ask(const Query& query, std::string name = "a") {
    table_.Ask(query,
               {nullptr,
                [this, name = std::move(name)](const QueryAnswerPtr& answer) {
                  asked_order_.push_back(name);
                  answers_.push_back(*answer);
                }},
               now_, kNow, &sent_);
  }

  // The store receives all that was sent, and its replies come back, until nothing more is sent.
  void Exchange() {
    while (!sent_.empty()) {
      ++waves_;
      ReplyReader reader;
      reader.Feed(server_.Feed(std::exchange(sent_, {})));
      ReplyPtr reply;
      while (reader.Next(&reply) == ReplyReader::Status::kReply) {
        ++replies_;
        table_.OnReply(*reply, now_, kNow, &sent_);
      }
    }
  }

  void Pass(milliseconds time) {
    now_ += time;
    table_.OnTick(now_, kNow, &sent_);
  }

  void Reporting(const std::string& slug, int second) {
    snapshot_.municipalities.push_back(
        {.slug = slug,
         .last_report_at = kNow - std::chrono::minutes(1) + std::chrono::seconds(second)});
    board_.Publish(std::make_shared<Snapshot>(snapshot_));
  }

  // The only answer so far, taken.
  std::string OnlyBody() {
    EXPECT_THAT(answers_, SizeIs(1));
    if (answers_.empty() || answers_.front().error) return "no answer";
    const std::string body = answers_.front().body.body;
    answers_.clear();
    return body;
  }
  Error OnlyError() {
    EXPECT_THAT(answers_, SizeIs(1));
    if (answers_.empty() || !answers_.front().error) return {};
    const Error error = *answers_.front().error;
    answers_.clear();
    return error;
  }

  LuaStore store_;
  RespServer server_{&store_};
  Snapshot snapshot_;
  SnapshotBoard board_;
  QueryMetrics metrics_;
  std::vector<QueryAnswer> answers_;
  std::vector<std::string> asked_order_;
  QueryTable table_{{.reads_max = 6, .active_max = 2, .kept_bytes_max = 2'000},
                    hours(24),
                    &board_,
                    [](std::vector<QueryWaiter> waiters, const auto& answer) {
                      for (const QueryWaiter& waiter : waiters) waiter.done(answer);
                    },
                    &metrics_};
  MonotonicTime now_{hours(1)};
  std::string sent_;
  int waves_ = 0;
  int replies_ = 0;
};

TEST_F(QueryTableTest, TellsTheLatestReportsOfOne) {
  store_.Execute({"LPUSH", "recent:mixco", Line("c", 1), Line("a", 3) + "\n" + Line("b", 2)});
  Ask(Recent("mixco", 2));
  Exchange();
  EXPECT_EQ(OnlyBody(), "[" + Line("a", 3) + "," + Line("b", 2) + "]");
  Ask(Recent("mixco", 3));
  Exchange();
  EXPECT_EQ(OnlyBody(), "[" + Line("a", 3) + "," + Line("b", 2) + "," + Line("c", 1) + "]");
  Ask(Recent("coban"));
  Exchange();
  EXPECT_EQ(OnlyBody(), "[]");
}

TEST_F(QueryTableTest, TellsTheLatestReportsOfAll) {
  Reporting("coban", 2);
  Reporting("mixco", 9);
  Reporting("zunil", 5);
  store_.Execute({"LPUSH", "recent:coban", Line("c", 2)});
  store_.Execute({"LPUSH", "recent:mixco", Line("b", 4), Line("a", 9)});
  store_.Execute({"SET", "recent:zunil", "of another type"});
  Ask(Recent("", 9));
  Exchange();
  EXPECT_EQ(OnlyBody(), "[" + Line("a", 9) + "," + Line("b", 4) + "," + Line("c", 2) + "]");
  Ask(Recent("", 1));
  Exchange();
  EXPECT_EQ(OnlyBody(), "[" + Line("a", 9) + "]");
}

TEST_F(QueryTableTest, AsksForManyListsInWaves) {
  std::string all = "]";
  for (int i = 0; i < 60; ++i) {
    const std::string slug = "m" + std::to_string(i);
    Reporting(slug, i);
    store_.Execute({"LPUSH", "recent:" + slug, Line(slug, i)});
    all = "," + Line(slug, i) + all;
  }
  Ask(Recent("", 60));
  Exchange();
  EXPECT_EQ(OnlyBody(), "[" + all.substr(1));
  EXPECT_EQ(waves_, 3);
  EXPECT_EQ(replies_, 60);
}

TEST_F(QueryTableTest, TellsReportsAsRows) {
  store_.Execute({"LPUSH", "recent:mixco", Line("b", 1), Line("=a", 3)});
  Query query = Recent("mixco");
  query.form = Query::Form::kCsvRows;
  Ask(query);
  Exchange();
  EXPECT_EQ(OnlyBody(), "m,2026-11-25T17:59:33Z,,,,,'=a\r\nm,2026-11-25T17:59:31Z,,,,,b\r\n");
}

TEST_F(QueryTableTest, MergesTheHoursOfAHistory) {
  const auto key = [](std::int64_t hour) { return "series:mixco:" + std::to_string(hour); };
  store_.Execute({"HSET", key(kHour), "0", "1 1 20 20 20 0 0 - -"});
  store_.Execute(
      {"HSET", key(kHour - 1), "0", "1 0 0 - - 0 0 - -", "59", "2 2 41 20.5 20.5 0 0 - -"});
  Ask(LastHours("mixco", 2));
  Exchange();
  EXPECT_EQ(OnlyBody(), R"({"municipality":"mixco","from":"2026-11-25T17:00:00Z",)"
                        R"("to":"2026-11-25T19:00:00Z","step":3600,"points":[)"
                        R"({"at":"2026-11-25T17:00:00Z","count":3,)"
                        R"("temperature":{"mean":20.5,"min":20.5,"max":20.5},"humidity":null},)"
                        R"({"at":"2026-11-25T18:00:00Z","count":1,)"
                        R"("temperature":{"mean":20,"min":20,"max":20},"humidity":null}]})");
  Query rows = LastHours("mixco", 2);
  rows.form = Query::Form::kCsvRows;
  Ask(rows);
  Exchange();
  EXPECT_THAT(OnlyBody(), testing::StartsWith("mixco,2026-11-25T17:00:00Z,3,20.5,"));
}

TEST_F(QueryTableTest, AsksForTheHoursThatTheStoreMayHoldAlone) {
  Ask(LastHours("mixco", 31 * 24));
  Exchange();
  EXPECT_THAT(OnlyBody(), HasSubstr(R"("points":[])"));
  EXPECT_GE(replies_, 25);
  EXPECT_LE(replies_, 30);
  EXPECT_EQ(waves_, 2);
  Query ahead = LastHours("mixco", 1);
  ahead.window.from_minute += 1'000'000;
  ahead.window.to_minute += 1'000'000;
  Ask(ahead);
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_THAT(OnlyBody(), HasSubstr(R"("points":[])"));
  Query empty = LastHours("mixco", 1);
  empty.window.from_minute = empty.window.to_minute;
  Ask(empty);
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_THAT(OnlyBody(), HasSubstr(R"("points":[])"));
}

TEST_F(QueryTableTest, KeysOfOtherTypesAreNamed) {
  const std::string key = "series:mixco:" + std::to_string(kHour);
  for (const auto& [field, value] : std::vector<std::pair<std::string, std::string>>{
           {"60", "1 0 0 - - 0 0 - -"}, {"x", "1 0 0 - - 0 0 - -"}, {"0", "1 0 0"}}) {
    store_.Execute({"DEL", key});
    store_.Execute({"HSET", key, field, value});
    Ask(LastHours("mixco", 3));
    Exchange();
    const Error error = OnlyError();
    EXPECT_EQ(error.code, ErrorCode::kStoreKeyInvalid);
    EXPECT_THAT(error.detail, HasSubstr("the key " + key + " "));
  }
  store_.Execute({"DEL", key});
  store_.Execute({"SET", key, "x"});
  Ask(LastHours("mixco", 3));
  Exchange();
  EXPECT_EQ(OnlyError().code, ErrorCode::kStoreKeyInvalid);
  store_.Execute({"SET", "recent:mixco", "x"});
  Ask(Recent("mixco"));
  Exchange();
  EXPECT_THAT(OnlyError().detail, HasSubstr("the key recent:mixco "));
  EXPECT_EQ(metrics_.failures.Value(), 5U);
}

TEST_F(QueryTableTest, ErrorsOfTheStoreAreToldAndNotKept) {
  store_.SetError("-LOADING Valkey is loading the dataset in memory");
  Ask(Recent("mixco"));
  Ask(LastHours("mixco", 1));
  Exchange();
  ASSERT_THAT(answers_, SizeIs(2));
  for (const QueryAnswer& answer : answers_) {
    EXPECT_EQ(answer.error->code, ErrorCode::kStoreUnavailable);
    EXPECT_THAT(answer.error->detail, HasSubstr("LOADING"));
  }
  answers_.clear();
  store_.SetError("");
  Ask(Recent("mixco"));
  Exchange();
  EXPECT_EQ(OnlyBody(), "[]");
}

TEST_F(QueryTableTest, EqualQueriesShareOneReadForASecond) {
  Ask(Recent("mixco"), "a");
  Ask(Recent("mixco"), "b");
  Exchange();
  EXPECT_EQ(replies_, 1);
  EXPECT_THAT(asked_order_, ElementsAre("a", "b"));
  Pass(milliseconds(999));
  Ask(Recent("mixco"), "c");
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_THAT(answers_, SizeIs(3));
  EXPECT_EQ(metrics_.reads.Value(), 1U);
  EXPECT_EQ(metrics_.coalesced.Value(), 2U);
  now_ += milliseconds(1);  // No tick has passed, and the answer is too old all the same.
  Ask(Recent("mixco"), "d");
  EXPECT_THAT(answers_, SizeIs(3));
  Exchange();
  EXPECT_THAT(answers_, SizeIs(4));
  EXPECT_EQ(replies_, 2);
}

TEST_F(QueryTableTest, DifferentQueriesDoNotShare) {
  Query rows = Recent("mixco");
  rows.form = Query::Form::kCsvRows;
  Query later = LastHours("mixco", 1);
  later.window.to_minute += 1;
  Query wider = LastHours("mixco", 1);
  wider.window.step_minutes = 1;
  for (const Query& query : {Recent("mixco"), Recent("mixco", 21), Recent("coban"), Recent(""),
                             rows, LastHours("mixco", 1), LastHours("mixco", 2), later, wider}) {
    Ask(query);
    Exchange();
  }
  EXPECT_EQ(metrics_.reads.Value(), 9U);
  EXPECT_EQ(metrics_.coalesced.Value(), 0U);
}

TEST_F(QueryTableTest, KeepsABoundedNumberOfBytes) {
  store_.Execute({"LPUSH", "recent:mixco",
                  R"({"id":")" + std::string(1'200, 'x') + R"(","at":"2026-11-25T17:59:33Z"})"});
  Ask(Recent("mixco", 1));
  Exchange();
  Ask(Recent("mixco", 2));
  Exchange();
  Ask(Recent("mixco", 2));  // Kept,
  EXPECT_EQ(metrics_.coalesced.Value(), 1U);
  Ask(Recent("mixco", 1));  // and this one had to go.
  EXPECT_EQ(metrics_.reads.Value(), 3U);
  Exchange();
  EXPECT_THAT(answers_, SizeIs(4));
}

TEST_F(QueryTableTest, ReadsQueueAndAreBounded) {
  for (int i = 1; i <= 7; ++i) Ask(Recent("mixco", static_cast<std::size_t>(i)));
  EXPECT_EQ(metrics_.reads.Value(), 2U);
  EXPECT_EQ(metrics_.waiting.Value(), 6);
  const Error refusal = OnlyError();  // Of the seventh.
  EXPECT_EQ(refusal.code, ErrorCode::kServerBusy);
  EXPECT_EQ(metrics_.refused.Value(), 1U);
  Ask(Recent("mixco", 6));  // One that waits already may be shared.
  Exchange();
  EXPECT_THAT(answers_, SizeIs(7));
  EXPECT_EQ(metrics_.waiting.Value(), 0);
  EXPECT_EQ(metrics_.reads.Value(), 6U);
}

TEST_F(QueryTableTest, GivesUpWhatIsNotAnsweredInTime) {
  for (int i = 1; i <= 3; ++i) Ask(Recent("mixco", static_cast<std::size_t>(i)));
  EXPECT_FALSE(table_.ReplyIsOverdue(now_));
  Pass(milliseconds(1'999));
  EXPECT_THAT(answers_, IsEmpty());
  Pass(milliseconds(1));
  ASSERT_THAT(answers_, SizeIs(3));
  EXPECT_EQ(answers_[0].error->code, ErrorCode::kStoreUnavailable);
  EXPECT_EQ(answers_[2].error->code, ErrorCode::kServerBusy);  // It was never sent.
  EXPECT_TRUE(table_.ReplyIsOverdue(now_));
  EXPECT_EQ(metrics_.timeouts.Value(), 3U);
  EXPECT_EQ(metrics_.waiting.Value(), 0);
  answers_.clear();
  Exchange();  // Late replies are nobody's.
  EXPECT_THAT(answers_, IsEmpty());
  EXPECT_FALSE(table_.ReplyIsOverdue(now_));
  Ask(Recent("mixco", 1));
  Exchange();
  EXPECT_EQ(OnlyBody(), "[]");
}

TEST_F(QueryTableTest, WithoutConnectionEveryoneIsToldAtOnce) {
  for (int i = 1; i <= 3; ++i) Ask(Recent("mixco", static_cast<std::size_t>(i)));
  table_.OnLinkDown();
  ASSERT_THAT(answers_, SizeIs(3));
  answers_.clear();
  sent_.clear();
  Ask(Recent("mixco"));
  EXPECT_EQ(OnlyError().code, ErrorCode::kStoreUnavailable);
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_EQ(metrics_.failures.Value(), 4U);
  table_.OnLinkUp();
  Ask(Recent("mixco"));
  Exchange();
  EXPECT_EQ(OnlyBody(), "[]");
}

TEST_F(QueryTableTest, AnswersHaveTagsOfTheirContent) {
  Ask(Recent("mixco"));
  Exchange();
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_EQ(answers_[0].body.etag, MakeCachedBody("[]").etag);
}

}  // namespace
}  // namespace chaac
