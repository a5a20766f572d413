// QueryService: answers queries from the store for all event loops, over a connection of its own,
// so that no commit waits behind a read. Belongs to one event loop; Ask() is for any thread.
#pragma once

#include <chrono>
#include <memory>

#include "base/event_loop.h"
#include "base/mailbox.h"
#include "query/query_table.h"
#include "store/link.h"

namespace chaac {

class QueryService final : private LinkListener {
 public:
  // All pointers outlive this.
  QueryService(EventLoop* loop, const Link::Environment* environment, const QueryLimits& limits,
               std::chrono::seconds series_ttl, const SnapshotBoard* board, QueryMetrics* metrics,
               LinkMetrics* link_metrics);

  // `done` runs on the loop of `asker`, unless that was closed: always later, never within this
  // call. Thread-safe.
  void Ask(Query query, std::shared_ptr<Mailbox> asker, QueryDone done);

  // To be called on every tick of the loop.
  void OnTick();

 private:
  void OnLinkUp() override;
  void OnLinkDown() override;
  void OnLinkReply(const redisReply& reply) override;
  void Flush();

  EventLoop* loop_;
  QueryTable table_;
  Link link_;
};

}  // namespace chaac
