// The stage of the writer's tests: a Writer against the shipped chaac.lua in LuaStore, or against
// answers made by hand.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "store/library.h"
#include "store/testing/lua_store.h"
#include "store/testing/resp_server.h"
#include "store/writer.h"

namespace chaac {

class WriterTest : public testing::Test {
 protected:
  static constexpr std::uint32_t kIdsBlock = 100;

  explicit WriterTest(AckPolicy ack = {}) : ack_(ack) {
    options_.conditions = {"sunny"};
    store_.SetTime(WallTime(std::chrono::seconds(1'700'000'000)));
    store_.Execute({"FUNCTION", "LOAD", std::string(kLibraryCode)});
  }

  // Connects, and waits until ids are leased.
  void Connect() {
    server_.emplace(&store_);
    writer_.OnLinkUp(store_.node(), &sent_);
    EXPECT_EQ(Exchange(), Fate::kUndecided);
    EXPECT_TRUE(writer_.ReadyFor(1));
  }

  // The connection ends; what the store had not read is in `sent_`, what it answered is lost.
  void Disconnect() { writer_.OnLinkDown(); }

  void Reconnect() {
    server_.emplace(&store_);
    sent_.clear();
    writer_.OnLinkUp(store_.node(), &sent_);
  }

  // Seals a batch of one report under the writer's next header and sends it.
  void Send(double temperature = 20) {
    const std::uint64_t id = writer_.TakeIds(1);
    CommitEncoder encoder(&options_, &cache_, [](MunicipalityIndex) { return "mixco"; });
    encoder.Begin(WallTime(std::chrono::seconds(1'700'000'000)));
    Report report{.temperature_celsius = temperature, .client_id = client_id_, .digest = digest_};
    encoder.Add(report, client_id_.empty() ? "tweet-" + std::to_string(id) : client_id_);
    std::string command;
    encoder.Finish(writer_.NextHeader(now_), now_, &command);
    command_ = command;
    writer_.Send(&command, &sent_);
    EXPECT_TRUE(command.empty());
  }

  // What was sent arrives; its replies are lost.
  void DeliverAndLoseReplies() {
    server_->Feed(sent_);
    sent_.clear();
    Disconnect();
  }

  // What was sent arrives, and its replies come back. The batch's fate, if it is decided.
  Fate Exchange() {
    const std::string replies = server_->Feed(sent_);
    sent_.clear();
    return Receive(replies);
  }

  Fate Receive(std::string_view replies) {
    ReplyReader reader;
    reader.Feed(replies);
    Fate decided = Fate::kUndecided;
    for (ReplyPtr reply; reader.Next(&reply) == ReplyReader::Status::kReply;) {
      const Fate fate = writer_.OnReply(*reply);
      if (fate != Fate::kUndecided) decided = fate;
    }
    return decided;
  }

  // Sends and exchanges; on a connection that is up.
  Fate Commit(double temperature = 20) {
    Send(temperature);
    return Exchange();
  }

  [[nodiscard]] std::string Count() { return store_.Get("count:mixco").value_or("none"); }
  [[nodiscard]] std::string Fence(int writer) {
    return store_.Get(FenceKey("writer-" + std::to_string(writer))).value_or("none");
  }

  StoreOptions options_;
  StoreCache cache_{std::chrono::hours(24)};
  LuaStore store_;
  std::optional<RespServer> server_;
  std::string sent_;     // To the store, not delivered yet.
  std::string command_;  // The batch sent last.
  MonotonicTime now_{std::chrono::hours(1000)};
  std::string client_id_;
  std::uint64_t digest_ = 1;
  AckPolicy ack_;
  int identities_ = 0;
  WriterMetrics metrics_;
  Writer writer_{&options_, [this] { return "writer-" + std::to_string(++identities_); }, kIdsBlock,
                 &metrics_, ack_};
};

}  // namespace chaac
