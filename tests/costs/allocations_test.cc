// What the way of a report allocates once everything is warm, from the bytes of a socket to those
// of its answer: nothing for a report, and for a commit what hiredis makes its reply of. The loop
// is the real one, and so is its store. Counts only: no noise of the machine can change them.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "app/loop.h"
#include "http/testing/test_server.h"
#include "store/resp.h"
#include "store/testing/raw_client.h"
#include "store/testing/valkey_process.h"
#include "tests/costs/allocation_counter.h"
#include "tests/costs/report_stream.h"

namespace chaac {
namespace {

// hiredis allocates a reply and, of one that is text, its characters.
constexpr std::uint64_t kAllocationsOfACommit = 2;  // "+APPLIED".
constexpr std::uint64_t kAllocationsOfALease = 1;   // The first id of a block of 20,000: a number.

constexpr std::uint64_t kReports = 10'000;

struct Load {
  std::string_view name;
  std::size_t connections;  // Each has one request under way.
  ReportStream::Extras extras = ReportStream::Extras::kNone;
};

std::ostream& operator<<(std::ostream& out, const Load& load) { return out << load.name; }

std::string Now() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%FT%TZ", std::gmtime(&now))};
}

// A loop as in the server, its Valkey, and clients on the test's own thread, which is left out.
class Stage {
 public:
  explicit Stage(const Load& load) : stream_(1, load.extras, Now()) {
    LeaveThisThreadOut();
    settings_.address.host = "127.0.0.1";
    settings_.catalogue = &catalogue_;
    settings_.conditions = &conditions_;
    settings_.link = &link_;
    settings_.board = &board_;
    settings_.readiness = &readiness_;
    settings_.store.conditions = Conditions::DefaultSlugs();
    settings_.ingest.reply_timeout = std::chrono::hours(1);  // However slow the machine is.
    loop_.emplace(0, &settings_);
    loop_->Start();
    while (loop_->metrics().link.up.Value() == 0) std::this_thread::yield();
    for (std::size_t i = 0; i < load.connections; ++i) {
      clients_.push_back(std::make_unique<testing::Client>(loop_->port()));
    }
  }

  ~Stage() {
    clients_.clear();
    loop_->Drain(std::chrono::steady_clock::now() + std::chrono::hours(1));
  }

  // Lets all memory grow to what this load can need at most.
  void WarmUp() {
    CommitManyRows();
    for (int i = 0; i < 1'000; ++i) Post(1);  // hiredis moves its buffer only now and then.
    CommitAllAtOnce();
    Post(2 * clients_.size());
  }

  // Sends `count` reports over all connections, or as many as there are reports, and reads the
  // answers.
  void Post(std::uint64_t count) {
    const std::size_t in_use = std::min<std::uint64_t>(count, clients_.size());
    for (std::uint64_t sent = 0; sent < count; sent += in_use) {
      for (std::size_t i = 0; i < in_use; ++i) {
        ASSERT_TRUE(clients_[i]->Send(stream_.NextRequest()));
      }
      for (std::size_t i = 0; i < in_use; ++i) {
        const testing::Answer answer = clients_[i]->Read();
        ASSERT_EQ(answer.status, 200) << answer.body;
      }
    }
  }

  // A request that is refused.
  void PostNothing() {
    ASSERT_TRUE(clients_.front()->Send(
        "POST /api/weather HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"));
    ASSERT_EQ(clients_.front()->Read().status, 422);
  }

  [[nodiscard]] std::uint64_t Accepted() const { return loop_->metrics().ingest.accepted.Value(); }
  [[nodiscard]] std::uint64_t Commits() const {
    std::uint64_t commits = 0;
    for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
      commits += loop_->metrics().ingest.batch_reports.BucketCount(i);
    }
    return commits;
  }

  // How many functions the store has run.
  std::uint64_t Calls() {
    const std::string info = store_.Execute({"INFO", "commandstats"});
    const std::string field = "cmdstat_fcall:calls=";
    const std::size_t at = info.find(field);
    return at == std::string::npos ? 0 : std::stoull(info.substr(at + field.size()));
  }

 private:
  // The reports of all connections may be of one municipality, and any may come first in a commit.
  void CommitManyRows() {
    std::string rows;
    for (const std::string_view slug : {"chinautla", "mixco", "guatemala", "amatitlan"}) {
      for (std::size_t i = 0; i < 2 * clients_.size(); ++i) {
        rows +=
            R"({"municipality":")" + std::string(slug) + R"(","temperature":20.0123456789012,)" +
            R"("humidity":50.0123456789012,"weather":"sunny","observed_at":")" + Now() + "\"}\n";
      }
    }
    for (int i = 0; i < 4; ++i) {  // The buffers of commands take turns.
      ASSERT_TRUE(clients_.front()->Send(
          "POST /api/weather HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
          "Idempotency-Key: rows-" +
          std::to_string(i) + "\r\nContent-Length: " + std::to_string(rows.size()) + "\r\n\r\n" +
          rows));
      ASSERT_EQ(clients_.front()->Read().status, 200);
    }
  }

  // While the store stands still behind the commit of one report, the requests of all connections
  // wait; then they travel together.
  void CommitAllAtOnce() {
    testing::Client first(loop_->port());
    const Counter& received = loop_->metrics().http.bytes_received;
    std::uint64_t expected = received.Value();
    const auto send = [&](testing::Client* client) {
      const std::string request = stream_.NextRequest();
      expected += request.size();
      ASSERT_TRUE(client->Send(request));
    };
    kill(valkey_.pid(), SIGSTOP);
    const std::uint64_t commits = Commits();
    send(&first);
    while (Commits() == commits) std::this_thread::yield();
    for (const auto& client : clients_) send(client.get());
    while (received.Value() < expected) std::this_thread::yield();
    kill(valkey_.pid(), SIGCONT);
    ASSERT_EQ(first.Read().status, 200);
    for (const auto& client : clients_) ASSERT_EQ(client->Read().status, 200);
  }

  ValkeyProcess valkey_;
  RawClient store_{valkey_.socket_path()};
  Catalogue catalogue_ = Catalogue::BuiltIn();
  Conditions conditions_{Conditions::DefaultSlugs()};
  Resolver resolver_;
  Link::Environment link_{
      .endpoint = {.kind = Endpoint::Kind::kUnix, .path = valkey_.socket_path()},
      .tls = nullptr,
      .resolver = &resolver_};
  SnapshotBoard board_;
  Readiness readiness_{&board_};
  LoopSettings settings_;
  std::optional<Loop> loop_;
  std::vector<std::unique_ptr<testing::Client>> clients_;
  ReportStream stream_;
};

class AllocationsTest : public ::testing::TestWithParam<Load> {};

TEST_P(AllocationsTest, AReportAllocatesNothingAndACommitItsReply) {
  Stage stage(GetParam());
  ASSERT_NO_FATAL_FAILURE(stage.WarmUp());

  const std::uint64_t calls_before = stage.Calls();
  const std::uint64_t commits_before = stage.Commits();
  const std::uint64_t accepted_before = stage.Accepted();
  KeepCallers();
  const std::uint64_t before = AllocationCount();
  ASSERT_NO_FATAL_FAILURE(stage.Post(kReports));
  const std::uint64_t allocations = AllocationCount() - before;
  const std::string callers = Callers();
  const std::uint64_t commits = stage.Commits() - commits_before;
  const std::uint64_t leases = stage.Calls() - calls_before - commits;

  ASSERT_GE(stage.Accepted() - accepted_before, kReports);
  EXPECT_EQ(allocations, commits * kAllocationsOfACommit + leases * kAllocationsOfALease)
      << kReports << " reports in " << commits << " commits, " << leases << " leases\n"
      << callers;
}

INSTANTIATE_TEST_SUITE_P(Loads, AllocationsTest,
                         ::testing::Values(Load{"OneConnection", 1}, Load{"Connections64", 64},
                                           Load{"Connections1024", 1024},
                                           Load{"AllFields", 64, ReportStream::Extras::kAll}),
                         [](const auto& test) { return std::string(test.param.name); });

// The explanation of a refusal is made anew each time: what the loop allocates is seen.
TEST(AllocationCounterTest, SeesWhatARefusalAllocates) {
  Stage stage(Load{"OneConnection", 1});
  ASSERT_NO_FATAL_FAILURE(stage.Post(1));
  ASSERT_NO_FATAL_FAILURE(stage.PostNothing());
  const std::uint64_t before = AllocationCount();
  ASSERT_NO_FATAL_FAILURE(stage.PostNothing());
  EXPECT_GT(AllocationCount(), before);
}

// Keeps the compiler from leaving an allocation out that is of no use.
void* volatile kept;

// Counted on a thread of its own, as other tests leave theirs out.
std::uint64_t AllocationsOf(const std::function<void*()>& allocate) {
  std::uint64_t counted = 0;
  std::thread([&] {
    const std::uint64_t before = AllocationCount();
    kept = allocate();
    counted = AllocationCount() - before;
    std::free(kept);
  }).join();
  return counted;
}

TEST(AllocationCounterTest, CountsEveryWayToAllocate) {
  EXPECT_EQ(AllocationsOf([] { return std::malloc(100); }), 1U);
  EXPECT_EQ(AllocationsOf([] { return std::calloc(10, 10); }), 1U);
  EXPECT_EQ(AllocationsOf([] { return std::realloc(std::malloc(10), 100'000); }), 2U);
  EXPECT_EQ(AllocationsOf([] { return std::aligned_alloc(64, 128); }), 1U);
  EXPECT_EQ(AllocationsOf([] {
              void* memory = nullptr;
              return posix_memalign(&memory, 64, 128) == 0 ? memory : nullptr;
            }),
            1U);
  EXPECT_EQ(AllocationsOf([]() -> void* {
              kept = std::make_unique<std::string>(100, 'a').get();  // Object and characters.
              return nullptr;
            }),
            2U);
  EXPECT_GE(AllocationsOf([]() -> void* {
              const ReplyReader reader;  // In hiredis, a library in C.
              return nullptr;
            }),
            1U);
}

TEST(AllocationCounterTest, NamesTheCallersAndLeavesThreadsOut) {
  KeepCallers();
  EXPECT_EQ(AllocationsOf([] { return std::malloc(100); }), 1U);
  EXPECT_NE(Callers().find("allocated by"), std::string::npos);
  EXPECT_EQ(AllocationsOf([] {
              LeaveThisThreadOut();
              return std::malloc(100);
            }),
            0U);
}

}  // namespace
}  // namespace chaac
