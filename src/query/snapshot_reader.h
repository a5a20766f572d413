// SnapshotReader: asks the store for a snapshot every interval, over its own connection, and
// publishes it. One per process, however many read. Not thread-safe: its event loop owns it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/event_loop.h"
#include "query/snapshot.h"
#include "store/link.h"
#include "store/options.h"

namespace chaac {

class SnapshotReader final : private LinkListener {
 public:
  static constexpr std::chrono::milliseconds kInterval{1'000};
  // Without an answer for so long the connection is given up.
  static constexpr std::chrono::milliseconds kReplyTimeout{5'000};

  // All pointers outlive this.
  SnapshotReader(EventLoop* loop, const Link::Environment* environment,
                 const StoreOptions& store_options, SnapshotOptions options, SnapshotBoard* board,
                 LinkMetrics* metrics);

  // To be called on every tick of the loop.
  void OnTick();

 private:
  void OnLinkUp() override;
  void OnLinkDown() override;
  void OnLinkReply(const redisReply& reply) override;
  void Ask();

  EventLoop* loop_;
  const SnapshotMaker maker_;
  SnapshotBoard* board_;
  std::string command_;
  std::uint64_t number_ = 0;  // Of the newest snapshot.
  bool asked_ = false;
  MonotonicTime asked_at_{};
  std::string last_error_;
  Link link_;
};

}  // namespace chaac
