// QueryService against a real Valkey, asked from two threads: what was committed is read, whatever
// the threads, the connection and those who ask do meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "query/query_asker.h"
#include "query/query_service.h"
#include "query/snapshot_reader.h"
#include "store/testing/valkey_process.h"
#include "tests/integration/store_client.h"

namespace chaac {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr seconds kPatience{60};

// A thread with an event loop, as a server's.
class LoopThread {
 public:
  LoopThread() : thread_([this] { loop_.Run(); }) {}
  ~LoopThread() { End(); }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  EventLoop* loop() { return &loop_; }
  void End() {
    loop_.Stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  EventLoop loop_;
  std::thread thread_;
};

// One that asks, as Loop does.
class AskingThread {
 public:
  explicit AskingThread(QueryService* service) : asker_(thread_.loop(), service) {}
  ~AskingThread() { thread_.End(); }

  // Asks on the thread; the answer comes by the future.
  std::future<QueryAnswerPtr> Ask(Query query) {
    const auto promise = std::make_shared<std::promise<QueryAnswerPtr>>();
    thread_.loop()->Post([this, query = std::move(query), promise] {
      const auto asked = asker_.Ask(
          query, [promise](const QueryAnswerPtr& answer) { promise->set_value(answer); });
      EXPECT_TRUE(asked);
    });
    return promise->get_future();
  }

  QueryAnswerPtr Answer(Query query) {
    auto answer = Ask(std::move(query));
    if (answer.wait_for(kPatience) != std::future_status::ready) return nullptr;
    return answer.get();
  }

 private:
  LoopThread thread_;
  QueryAsker asker_;
};

Query Recent(std::string municipality, std::size_t limit) {
  return {.municipality = std::move(municipality), .limit = limit};
}

class QueryIntegrationTest : public testing::Test {
 protected:
  QueryIntegrationTest() {
    control_.loop()->Post([this] {
      control_.loop()->OnTick([this] {
        snapshots_.OnTick();
        service_.OnTick();
      });
    });
  }
  ~QueryIntegrationTest() override { control_.End(); }

  void Commit(const std::string& municipality, int count) {
    StoreClient client(&environment_, &options_, {"mixco", "coban"});
    ASSERT_TRUE(client.AwaitConnected());
    std::vector<ReferenceReport> rows;
    for (int i = 0; i < count; ++i) {
      ReferenceReport report;
      report.municipality = municipality;
      report.temperature_hundredths = 100 * i;
      rows.push_back(report);
    }
    for (const ClientOutcome& outcome : client.Submit({rows})) EXPECT_FALSE(outcome.failure);
  }

  // Waits until the snapshot counts so many.
  void AwaitTotal(std::uint64_t total) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto newest = board_.Newest();
      if (newest != nullptr && newest->total_processed == total) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "no snapshot counts " << total;
  }

  // Asks until there is an answer that is no error.
  std::string AwaitBody(AskingThread* asking, const Query& query) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      const QueryAnswerPtr answer = asking->Answer(query);
      if (answer != nullptr && !answer->error) return answer->body.body;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return "no answer";
  }

  ValkeyProcess valkey_{{"appendonly yes"}};
  Endpoint endpoint_{.kind = Endpoint::Kind::kUnix, .path = valkey_.socket_path()};
  Resolver resolver_;
  Link::Environment environment_{.endpoint = endpoint_, .tls = nullptr, .resolver = &resolver_};
  StoreOptions options_{.conditions = {"sunny"}};
  SnapshotBoard board_;
  LinkMetrics snapshots_link_;
  LinkMetrics queries_link_;
  QueryMetrics metrics_;
  LoopThread control_;
  SnapshotReader snapshots_{control_.loop(), &environment_,
                            options_,        {.conditions = {"sunny"}, .notice = {}},
                            &board_,         &snapshots_link_};
  QueryService service_{control_.loop(), &environment_, {}, seconds(86'400), &board_,
                        &metrics_,       &queries_link_};
};

TEST_F(QueryIntegrationTest, ReadsWhatWasCommitted) {
  Commit("mixco", 30);
  Commit("coban", 3);
  AwaitTotal(33);
  AskingThread asking(&service_);
  EXPECT_THAT(AwaitBody(&asking, Recent("mixco", 1)), HasSubstr(R"("temperature":29,"at":)"));
  const std::string all = AwaitBody(&asking, Recent("", 1'000));
  EXPECT_EQ(static_cast<std::size_t>(std::count(all.begin(), all.end(), '{')), 33U);
  const auto now = std::chrono::ceil<std::chrono::minutes>(std::chrono::system_clock::now());
  const std::int64_t minute = now.time_since_epoch().count();
  EXPECT_THAT(AwaitBody(&asking, {.subject = Query::Subject::kHistory,
                                  .municipality = "mixco",
                                  .window = {.from_minute = minute - 100,
                                             .to_minute = minute + 1,
                                             .step_minutes = 1'440}}),
              HasSubstr(R"("count":30,"temperature":{"mean":14.5,"min":0,"max":29})"));
}

TEST_F(QueryIntegrationTest, AnswersManyThreadsAtOnce) {
  Commit("mixco", 8);
  AwaitTotal(8);
  AskingThread first(&service_);
  AskingThread second(&service_);
  ASSERT_THAT(AwaitBody(&first, Recent("mixco", 8)), HasSubstr("mixco"));
  std::vector<std::future<QueryAnswerPtr>> answers;
  for (std::size_t i = 0; i < 2'000; ++i) {
    answers.push_back(
        (i % 2 == 0 ? first : second).Ask(Recent(i % 3 == 0 ? "" : "mixco", 1 + i % 8)));
  }
  std::size_t bodies = 0;
  for (auto& answer : answers) {
    ASSERT_EQ(answer.wait_for(kPatience), std::future_status::ready);
    bodies += answer.get()->error ? 0U : 1U;
  }
  EXPECT_EQ(bodies, answers.size());
  EXPECT_EQ(metrics_.reads.Value() + metrics_.coalesced.Value(), answers.size() + 1);
  EXPECT_LT(metrics_.reads.Value(), 1'000U);
}

TEST_F(QueryIntegrationTest, ThoseWhoAskedMayEndBeforeTheAnswer) {
  Commit("mixco", 8);
  AskingThread stays(&service_);
  ASSERT_THAT(AwaitBody(&stays, Recent("mixco", 8)), HasSubstr("mixco"));
  for (std::size_t i = 1; i <= 200; ++i) {
    AskingThread leaves(&service_);
    auto unanswered = leaves.Ask(Recent("mixco", i));
  }
  EXPECT_THAT(AwaitBody(&stays, Recent("mixco", 7)), HasSubstr("mixco"));
}

TEST_F(QueryIntegrationTest, OutlivesTheStore) {
  Commit("mixco", 8);
  AskingThread asking(&service_);
  ASSERT_THAT(AwaitBody(&asking, Recent("mixco", 8)), HasSubstr("mixco"));
  valkey_.Kill();
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  QueryAnswerPtr answer;
  do {
    answer = asking.Answer(Recent("mixco", 8));
    ASSERT_NE(answer, nullptr);
  } while (!answer->error && std::chrono::steady_clock::now() < deadline);
  ASSERT_TRUE(answer->error);
  EXPECT_EQ(answer->error->code, ErrorCode::kStoreUnavailable);
  valkey_.Start();
  EXPECT_THAT(AwaitBody(&asking, Recent("mixco", 7)), HasSubstr("mixco"));
}

}  // namespace
}  // namespace chaac
