// A seeded simulation of loops, connections and the store. Everything between them may go wrong:
// replies are lost, bytes are cut, held, and delivered after the reconnect; servers and the store
// restart; the store refuses writes or forgets its functions. The commits run the shipped
// chaac.lua. With replicas, the primary may die and any of them take its place, whatever it lacks.
// With a partition, a primary that was replaced goes on answering, and each connection reaches it
// or its successor.
//
//   CHAAC_SIMULATION_SEEDS=10000   how many seeds (default 1000)
//   CHAAC_SIMULATION_SEED=42       this one alone
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ingest/ingest.h"
#include "store/library.h"
#include "store/testing/lua_store.h"
#include "store/testing/resp_server.h"
#include "tests/simulation/ledger.h"

namespace chaac {
namespace {

using std::chrono::milliseconds;

const std::vector<std::string> kSlugs = {"chinautla", "mixco", "amatitlan", "broken"};
constexpr MunicipalityIndex kBroken = 3;  // One of its keys has a wrong type: always refused.
const std::vector<std::string> kConditions = {"sunny", "cloudy", "rainy", "foggy"};
constexpr int kSteps = 400;
constexpr std::size_t kWriters = 3;

class Simulation;

// How many replicas there are, and how many of them a commit waits for.
struct Replication {
  std::size_t replicas = 0;
  std::uint32_t ack_replicas = 0;
  bool partitions = false;        // Primaries that were replaced go on answering for a while.
  bool nodes_look_alike = false;  // The servers cannot tell them apart: for a canary.
};

// One event loop of a server, and its connection: Ingest is the real one.
class SimulatedLoop final : public OutcomeListener {
 public:
  explicit SimulatedLoop(Simulation* simulation);

  void Submit(const std::vector<std::size_t>& keys, bool is_batch);
  void OnOutcome(const Submission& submission) override;

  void Connect();
  // The connection ends. What the store has not read yet is lost, or `held` to arrive later.
  void Disconnect(bool hold);
  void DeliverToStore(std::size_t bytes);
  void DeliverToLoop(std::size_t bytes);
  void Tick();
  void EndRound();

  [[nodiscard]] bool connected() const { return connection_ != nullptr; }
  [[nodiscard]] bool is_stale() const { return connected() && is_stale_; }
  [[nodiscard]] std::size_t BytesToStore() const { return connected() ? to_store_.size() : 0; }
  [[nodiscard]] std::size_t BytesToLoop() const { return connected() ? to_loop_.size() : 0; }
  [[nodiscard]] bool Idle() const { return ingest_.Idle() && metrics_.in_doubt.Value() == 0; }

 private:
  Simulation* simulation_;
  IngestMetrics metrics_;
  Ingest ingest_;
  std::unique_ptr<RespServer> connection_;  // The store's end.
  bool is_stale_ = false;                   // To the primary that was replaced.
  ReplyReader reader_;
  std::string to_store_;
  std::string to_loop_;
  struct Request {
    std::vector<std::size_t> keys;  // Of the ledger.
    std::size_t losses = 0;         // Simulation::losses() when it was submitted.
  };
  std::vector<Request> requests_;  // By Waiter::sequence.
};

// Bytes of a connection that its loop has given up, still on their way.
struct HeldBytes {
  std::unique_ptr<RespServer> connection;
  bool is_stale = false;  // To the primary that was replaced.
  std::string bytes;
};

// What a replica has received of the primary's changes.
struct Replica {
  std::uint64_t writes = 0;  // LuaStore::writes() then.
  std::map<std::string, StoredValue> data;
};

class Simulation {
 public:
  // `library`: the function library that the store holds from the start; empty: the loops load
  // theirs.
  explicit Simulation(std::uint64_t seed, std::string library = {}, Replication replication = {});

  std::vector<std::string> Run();

  std::size_t Random(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }
  bool Chance(double probability) { return std::bernoulli_distribution(probability)(random_); }
  std::string NewWriterId() { return std::to_string(random_()); }
  [[nodiscard]] std::uint32_t ack_replicas() const { return replication_.ack_replicas; }
  // The node that the next connection reaches.
  LuaStore* ReachedNode() { return is_partitioned_ && Chance(0.5) ? &stale : &store; }
  [[nodiscard]] StoreNode NameOf(const LuaStore& node) const {
    return replication_.nodes_look_alike ? StoreNode{.replication_id = "one"} : node.node();
  }
  // Events in which acknowledged reports may have been lost.
  [[nodiscard]] std::size_t losses() const { return losses_; }
  void NoteLosses() { lost_ += ledger.ForgetLost(&store); }
  // Acknowledged reports that failovers have lost.
  [[nodiscard]] std::size_t lost() const { return lost_; }

  LuaStore store;
  LuaStore stale;  // While is_partitioned_: a primary that was replaced by `store`.
  StoreOptions options;
  Ledger ledger{kSlugs, kConditions};
  std::deque<HeldBytes> held;
  MonotonicTime now{std::chrono::hours(1000)};
  WallTime wall_now{milliseconds(1'700'000'000'000)};

 private:
  void Step();
  void Fault();
  void SendSomething();
  void Advance(milliseconds elapsed);
  void DeliverHeld();
  void Settle();
  void Replicate(Replica* replica);
  std::int64_t ReplicasWith(std::uint64_t writes);
  void FailOver();
  void Partition();
  void Heal();
  void SetError(const std::string& error);
  std::size_t NewReport(bool with_id);

  std::mt19937_64 random_;
  const std::string library_;
  const Replication replication_;
  std::vector<Replica> replicas_;
  double replication_chance_ = 0.5;  // Of a replica that a WAIT finds behind, to catch up in time.
  bool is_partitioned_ = false;
  std::size_t losses_ = 0;
  std::size_t lost_ = 0;
  std::vector<std::unique_ptr<SimulatedLoop>> loops_;
  std::vector<std::size_t> with_ids_;
};

IngestLimits LimitsOf(Simulation* simulation) {
  IngestLimits limits;
  if (simulation->Chance(0.5)) limits.batch_wait_max = {};
  limits.batch_reports_max = 1 + simulation->Random(12);
  limits.ids_block = 64;
  limits.ack_replicas = simulation->ack_replicas();
  return limits;
}

SimulatedLoop::SimulatedLoop(Simulation* simulation)
    : simulation_(simulation),
      ingest_(
          LimitsOf(simulation), &simulation->options,
          [](MunicipalityIndex index) -> std::string_view { return kSlugs[index]; },
          [simulation] { return simulation->NewWriterId(); }, this, &metrics_) {}

void SimulatedLoop::Submit(const std::vector<std::size_t>& keys, bool is_batch) {
  Submission* submission = ingest_.Acquire();
  Decoded& decoded = submission->decoded;
  decoded.is_batch = is_batch;
  submission->waiter.sequence = static_cast<std::uint32_t>(requests_.size());
  requests_.push_back({keys, simulation_->losses()});
  for (const std::size_t key : keys) decoded.ids += simulation_->ledger.At(key).id;
  std::size_t id_at = 0;
  for (std::uint32_t row = 0; row < keys.size(); ++row) {
    const SentReport& sent = simulation_->ledger.At(keys[row]);
    Report report = sent.report;
    report.client_id = std::string_view(decoded.ids).substr(id_at, sent.id.size());
    id_at += sent.id.size();
    decoded.reports.push_back(report);
    decoded.row_index.push_back(row);
    simulation_->ledger.At(keys[row]).refused_for_sure = false;
  }
  ingest_.Submit(submission, simulation_->now);
}

void SimulatedLoop::OnOutcome(const Submission& submission) {
  const auto& [keys, losses_before] = requests_[submission.waiter.sequence];
  std::vector<bool> accepted(keys.size(), !submission.failure);
  for (const RowRejection& rejection : submission.decoded.rejections) {
    SentReport& sent = simulation_->ledger.At(keys[rejection.index]);
    accepted[rejection.index] = false;
    if (rejection.error.code == ErrorCode::kStoreKeyInvalid) {
      EXPECT_EQ(sent.report.municipality, kBroken);
    } else {  // The rest of a request some of whose rows were known.
      EXPECT_EQ(rejection.error.code, ErrorCode::kNotCommitted) << rejection.error.detail;
    }
    if (sent.id.empty()) sent.refused_for_sure = true;
  }
  const bool is_refused =
      submission.failure && submission.failure->code == ErrorCode::kNotCommitted;
  for (std::size_t row = 0; row < keys.size(); ++row) {
    SentReport& sent = simulation_->ledger.At(keys[row]);
    // A row that was known before the failover is acknowledged with the rest of its request after
    // it.
    const bool may_be_lost = keys.size() > 1 && !sent.id.empty() &&
                             losses_before != simulation_->losses() &&
                             simulation_->ack_replicas() == 0;
    const bool is_lost =
        may_be_lost && !simulation_->ledger.IsStored(&simulation_->store, keys[row]);
    if (accepted[row] && !is_lost) sent.acknowledged = true;
    // A report with an id may be stored by an earlier or a later attempt.
    if (is_refused && sent.id.empty()) sent.refused_for_sure = true;
  }
}

void SimulatedLoop::Connect() {
  LuaStore* node = simulation_->ReachedNode();
  connection_ = std::make_unique<RespServer>(node);
  is_stale_ = node == &simulation_->stale;
  reader_ = ReplyReader();
  ingest_.OnLinkUp(simulation_->NameOf(*node), simulation_->now, &to_store_);
}

void SimulatedLoop::Disconnect(bool hold) {
  if (!connected()) return;
  if (hold && !to_store_.empty()) {
    simulation_->held.push_back({std::move(connection_), is_stale_, std::move(to_store_)});
  }
  connection_.reset();
  to_store_.clear();
  to_loop_.clear();
  ingest_.OnLinkDown(simulation_->now);
}

void SimulatedLoop::DeliverToStore(std::size_t bytes) {
  const std::string arriving = to_store_.substr(0, bytes);
  to_store_.erase(0, bytes);
  to_loop_ += connection_->Feed(arriving);
}

void SimulatedLoop::DeliverToLoop(std::size_t bytes) {
  reader_.Feed(std::string_view(to_loop_).substr(0, bytes));
  to_loop_.erase(0, bytes);
  ReplyPtr reply;
  while (reader_.Next(&reply) == ReplyReader::Status::kReply) {
    ingest_.OnReply(*reply, simulation_->now);
  }
  EndRound();
}

void SimulatedLoop::Tick() {
  ingest_.OnTick(simulation_->now, &to_store_);
  if (connected() && ingest_.ReplyIsOverdue(simulation_->now)) {
    Disconnect(simulation_->Chance(0.5));
  }
}

void SimulatedLoop::EndRound() {
  ingest_.Seal(simulation_->now, simulation_->wall_now, &to_store_);
}

Simulation::Simulation(std::uint64_t seed, std::string library, Replication replication)
    : random_(seed),
      library_(std::move(library)),
      replication_(replication),
      replicas_(replication.replicas) {
  store.AnswerWaits([this](std::uint64_t writes) { return ReplicasWith(writes); });
  options.conditions = kConditions;
  options.list_length_max = 1'000'000;  // Nothing is trimmed, so that every report can be found.
  store.SetTime(wall_now);
  store.Execute({"SET", "recent:broken", "this is no list"});
  if (!library_.empty()) {
    store.Execute({"FUNCTION", "LOAD", library_});
    stale.Execute({"FUNCTION", "LOAD", library_});
  }
  for (Replica& replica : replicas_) Replicate(&replica);
  for (std::size_t i = 0; i < kWriters; ++i) {
    loops_.push_back(std::make_unique<SimulatedLoop>(this));
    loops_.back()->Connect();
  }
}

std::size_t Simulation::NewReport(bool with_id) {
  Report report;
  report.municipality = static_cast<MunicipalityIndex>(Random(Chance(0.05) ? 4 : 3));
  if (Chance(0.9)) report.temperature_celsius = static_cast<double>(Random(40));
  if (Chance(0.5)) report.humidity_percent = static_cast<double>(Random(100)) / 4;
  if (Chance(0.8)) report.condition = static_cast<ConditionIndex>(Random(kConditions.size()));
  if (report.municipality == kBroken) with_id = false;  // It can never be settled.
  const std::size_t key =
      ledger.Add(report, with_id ? "client-" + std::to_string(ledger.size()) : std::string());
  if (with_id) with_ids_.push_back(key);
  return key;
}

void Simulation::SendSomething() {
  SimulatedLoop& loop = *loops_[Random(loops_.size())];
  if (!with_ids_.empty() && Chance(0.3)) {  // A retry, perhaps through another server.
    loop.Submit({with_ids_[Random(with_ids_.size())]}, false);
  } else if (Chance(0.7)) {
    loop.Submit({NewReport(Chance(0.5))}, false);
  } else {
    std::vector<std::size_t> keys(1 + Random(20));
    const bool with_ids = Chance(0.5);
    for (std::size_t& key : keys) key = NewReport(with_ids);
    loop.Submit(keys, true);
  }
  loop.EndRound();
}

void Simulation::Advance(milliseconds elapsed) {
  now += elapsed;
  wall_now += elapsed;
  store.SetTime(wall_now);
  stale.SetTime(wall_now);
  for (const auto& loop : loops_) {
    loop->Tick();
    loop->EndRound();
  }
}

void Simulation::DeliverHeld() {
  const std::size_t i = Random(held.size());
  std::swap(held[i], held.back());
  held.back().connection->Feed(held.back().bytes);  // Nobody reads the replies.
  held.pop_back();
}

void Simulation::Replicate(Replica* replica) {
  if (replica->writes == store.writes()) return;
  *replica = {.writes = store.writes(), .data = store.Snapshot()};
}

std::int64_t Simulation::ReplicasWith(std::uint64_t writes) {
  std::int64_t count = 0;
  for (Replica& replica : replicas_) {
    if (replica.writes < writes && Chance(replication_chance_)) Replicate(&replica);
    if (replica.writes >= writes) ++count;
  }
  return count;
}

// The primary dies, with all that was on its way to it, and any replica takes its place.
void Simulation::FailOver() {
  for (const auto& loop : loops_) loop->Disconnect(/*hold=*/false);
  held.clear();
  store.Promote(replicas_[Random(replicas_.size())].data);
  for (Replica& replica : replicas_) replica = {.writes = store.writes(), .data = store.Snapshot()};
  ++losses_;
  NoteLosses();
}

// A replica that has everything, or lacks the newest commits, takes the primary's place; the
// primary is cut off from it, not from the servers.
void Simulation::Partition() {
  for (const auto& loop : loops_) loop->Disconnect(/*hold=*/false);
  held.clear();
  stale.Promote(store.Snapshot());
  stale.SetNode(store.node());
  store.Promote(replicas_.empty() || Chance(0.5) ? store.Snapshot()
                                                 : replicas_[Random(replicas_.size())].data);
  for (Replica& replica : replicas_) replica = {.writes = store.writes(), .data = store.Snapshot()};
  ++losses_;
  NoteLosses();
  is_partitioned_ = true;
}

// The primary that was replaced is made a replica: what it alone had is gone.
void Simulation::Heal() {
  for (const auto& loop : loops_) {
    if (loop->is_stale()) loop->Disconnect(/*hold=*/false);
  }
  std::erase_if(held, [](const HeldBytes& bytes) { return bytes.is_stale; });
  is_partitioned_ = false;
  ++losses_;
  NoteLosses();
}

void Simulation::SetError(const std::string& error) {
  store.SetError(error);
  stale.SetError(error);
}

void Simulation::Fault() {
  const std::size_t victim = Random(loops_.size());
  if (is_partitioned_ && Chance(0.1)) return Heal();
  if (replication_.partitions && !is_partitioned_ && Chance(0.3)) return Partition();
  if (!replicas_.empty() && !is_partitioned_ && Chance(0.4)) return FailOver();
  switch (Random(7)) {
    case 0:
    case 1:
      loops_[victim]->Disconnect(/*hold=*/true);
      break;
    case 2:  // kill -9 of a server: what it holds is gone.
      loops_[victim]->Disconnect(Chance(0.5));
      loops_[victim] = std::make_unique<SimulatedLoop>(this);
      break;
    case 3:  // kill -9 of the store: what it had read is kept, all connections end.
      for (const auto& loop : loops_) loop->Disconnect(/*hold=*/false);
      held.clear();
      store.Restart();
      break;
    case 4:
      if (library_.empty()) store.Execute({"FUNCTION", "FLUSH"});
      break;
    case 5: {
      static const std::vector<std::string> kErrors = {
          "OOM command not allowed when used memory > 'maxmemory'.",
          "MISCONF Valkey is configured to save RDB snapshots", "LOADING Valkey is loading", "",
          ""};
      SetError(kErrors[Random(kErrors.size())]);
      break;
    }
    default:
      Advance(milliseconds(Random(3'000)));
      break;
  }
}

void Simulation::Step() {
  SimulatedLoop& loop = *loops_[Random(loops_.size())];
  if (!replicas_.empty() && Chance(0.03)) Replicate(&replicas_[Random(replicas_.size())]);
  if (Chance(0.06)) {
    Fault();
  } else if (Chance(0.3)) {
    SendSomething();
  } else if (!loop.connected()) {
    if (Chance(0.3)) loop.Connect();
  } else if (loop.BytesToStore() > 0 && Chance(0.6)) {
    loop.DeliverToStore(Chance(0.5) ? loop.BytesToStore() : 1 + Random(loop.BytesToStore()));
  } else if (loop.BytesToLoop() > 0 && Chance(0.8)) {
    loop.DeliverToLoop(Chance(0.5) ? loop.BytesToLoop() : 1 + Random(loop.BytesToLoop()));
  } else if (!held.empty() && Chance(0.3)) {
    DeliverHeld();
  } else {
    Advance(milliseconds(Random(40)));
  }
}

// Faults end; all that is under way is delivered, and what waits for an answer gets one.
void Simulation::Settle() {
  if (is_partitioned_) Heal();
  SetError("");
  replication_chance_ = 1;
  for (int round = 0; round < 10'000; ++round) {
    bool idle = true;
    for (const auto& loop : loops_) {
      if (!loop->connected()) loop->Connect();
      loop->EndRound();
      if (loop->BytesToStore() > 0) loop->DeliverToStore(loop->BytesToStore());
      if (loop->BytesToLoop() > 0) loop->DeliverToLoop(loop->BytesToLoop());
      idle = idle && loop->Idle();
    }
    if (idle) return;
    Advance(milliseconds(10));
  }
  ADD_FAILURE() << "the loops never come to rest";
}

std::vector<std::string> Simulation::Run() {
  for (int i = 0; i < kSteps; ++i) Step();
  Settle();
  std::vector<std::string> faults = ledger.Contradictions(&store, /*all_ids_settled=*/false);
  // Everything with an id is sent again, through any server, and old bytes arrive at last.
  for (const std::size_t key : with_ids_) {
    SimulatedLoop& loop = *loops_[Random(loops_.size())];
    loop.Submit({key}, false);
    if (Chance(0.2)) Settle();
    if (!held.empty() && Chance(0.2)) DeliverHeld();
  }
  Settle();
  while (!held.empty()) DeliverHeld();
  for (const std::size_t key : with_ids_) {
    if (!ledger.At(key).acknowledged) faults.push_back("a retry was never acknowledged");
  }
  const auto after = ledger.Contradictions(&store, /*all_ids_settled=*/true);
  faults.insert(faults.end(), after.begin(), after.end());
  return faults;
}

std::uint64_t NumberFromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(SimulationTest, EveryAcknowledgedReportIsStoredOnceWhateverFails) {
  const std::uint64_t only = NumberFromEnvironment("CHAAC_SIMULATION_SEED", 0);
  const std::uint64_t seeds = NumberFromEnvironment("CHAAC_SIMULATION_SEEDS", 1000);
  for (std::uint64_t seed = only == 0 ? 1 : only; seed <= (only == 0 ? seeds : only); ++seed) {
    Simulation simulation(seed);
    const std::vector<std::string> faults = simulation.Run();
    if (faults.empty() && !HasFailure()) continue;
    for (const std::string& fault : faults) ADD_FAILURE() << fault;
    FAIL() << "replay with CHAAC_SIMULATION_SEED=" << seed;
  }
}

// Plays many seeds; all but losses fails. How many acknowledged reports failovers lost.
std::size_t LostWith(Replication replication, std::uint64_t seeds) {
  std::size_t lost = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Simulation simulation(seed, {}, replication);
    for (const std::string& fault : simulation.Run()) {
      ADD_FAILURE() << fault << ", seed " << seed << " with " << replication.replicas
                    << " replicas of which " << replication.ack_replicas << " acknowledge";
    }
    lost += simulation.lost();
    if (testing::Test::HasFailure()) break;
  }
  return lost;
}

TEST(SimulationTest, FailoversLoseNothingThatAllReplicasHaveAcknowledged) {
  const std::uint64_t seeds = NumberFromEnvironment("CHAAC_SIMULATION_SEEDS", 1000) / 2;
  EXPECT_EQ(LostWith({.replicas = 1, .ack_replicas = 1}, seeds), 0U);
  EXPECT_EQ(LostWith({.replicas = 2, .ack_replicas = 2}, seeds), 0U);
}

// Below that, any replica may be promoted that lacks the newest commits: what is left is
// consistent.
TEST(SimulationTest, FailoversLoseWhatTheReplicasLackAndNothingIsCountedTwice) {
  EXPECT_GT(LostWith({.replicas = 2, .ack_replicas = 0}, 100), 0U);
  EXPECT_GT(LostWith({.replicas = 2, .ack_replicas = 1}, 100), 0U);
}

// A report that the successor has applied is not applied again because the primary that was
// replaced knows nothing of it; nor is one called certainly not stored.
TEST(SimulationTest, AReplacedPrimaryThatStillAnswersNeitherDoublesNorDenies) {
  const std::uint64_t seeds = NumberFromEnvironment("CHAAC_SIMULATION_SEEDS", 1000);
  EXPECT_GT(LostWith({.partitions = true}, seeds / 2), 0U);  // What it alone had acknowledged.
  EXPECT_GT(LostWith({.replicas = 2, .partitions = true}, seeds / 8), 0U);
  // It cannot confirm what no replica has.
  EXPECT_EQ(LostWith({.replicas = 1, .ack_replicas = 1, .partitions = true}, seeds / 8), 0U);
}

// The shipped library with one check taken out.
std::string LibraryWithout(std::string_view check, std::string_view instead) {
  std::string code(kLibraryCode);
  const std::size_t at = code.find(check);
  if (at == std::string::npos) throw std::logic_error("chaac.lua no longer has this check");
  return code.replace(at, check.size(), instead);
}

// Whether any of some seeds finds a contradiction, or a loss.
bool IsCaught(const std::string& library, Replication replication = {}) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    Simulation simulation(seed, library, replication);
    if (!simulation.Run().empty() || (simulation.lost() > 0 && !replication.partitions))
      return true;
  }
  return false;
}

TEST(SimulationCanaryTest, AFenceThatLetsRepeatsPassIsCaught) {
  EXPECT_TRUE(IsCaught(LibraryWithout("if sequence <= last then", "if false then")));
}

TEST(SimulationCanaryTest, ForgettingClientIdsIsCaught) {
  EXPECT_TRUE(IsCaught(LibraryWithout("if known then return known end", "")));
}

TEST(SimulationCanaryTest, RefusedBatchesThatStayHalfAppliedAreCaught) {
  EXPECT_TRUE(IsCaught(LibraryWithout("    undo_all()\n", "")));
}

TEST(SimulationCanaryTest, NodesThatCannotBeToldApartAreCaught) {
  EXPECT_TRUE(IsCaught({}, {.partitions = true, .nodes_look_alike = true}));
}

// WAIT on a new connection would then speak of nothing.
TEST(SimulationCanaryTest, ARepeatThatWritesNothingIsCaught) {
  EXPECT_TRUE(IsCaught(LibraryWithout("    redis.call('INCRBY', keys[1], 0)\n", ""),
                       {.replicas = 2, .ack_replicas = 2}));
}

}  // namespace
}  // namespace chaac
