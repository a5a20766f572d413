// Queries come by Post(), answers leave by Post().
#include "query/query_service.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace chaac {
namespace {

// One task a loop, however many of its requests wait.
void Deliver(std::vector<QueryWaiter> waiters, const QueryAnswerPtr& answer) {
  std::stable_sort(waiters.begin(), waiters.end(),
                   [](const QueryWaiter& a, const QueryWaiter& b) { return a.asker < b.asker; });
  for (auto begin = waiters.begin(); begin != waiters.end();) {
    const std::shared_ptr<Mailbox> asker = begin->asker;
    std::vector<QueryDone> all;
    for (; begin != waiters.end() && begin->asker == asker; ++begin) {
      all.push_back(std::move(begin->done));
    }
    asker->Post([all = std::move(all), answer] {
      for (const QueryDone& done : all) done(answer);
    });
  }
}

}  // namespace

QueryService::QueryService(EventLoop* loop, const Link::Environment* environment,
                           const QueryLimits& limits, std::chrono::seconds series_ttl,
                           const SnapshotBoard* board, QueryMetrics* metrics,
                           LinkMetrics* link_metrics)
    : loop_(loop),
      table_(limits, series_ttl, board, Deliver, metrics),
      link_(loop, environment, "queries", this, link_metrics) {}

void QueryService::Ask(Query query, std::shared_ptr<Mailbox> asker, QueryDone done) {
  loop_->Post([this, query = std::move(query), asker = std::move(asker), done = std::move(done)] {
    table_.Ask(query, {asker, done}, loop_->Now(), loop_->WallNow(), link_.output());
    Flush();
  });
}

void QueryService::OnTick() {
  link_.OnTick();
  table_.OnTick(loop_->Now(), loop_->WallNow(), link_.output());
  if (table_.ReplyIsOverdue(loop_->Now())) {
    link_.Reconnect("no answer in time");
  } else {
    Flush();
  }
}

void QueryService::OnLinkUp() { table_.OnLinkUp(); }

void QueryService::OnLinkDown() { table_.OnLinkDown(); }

void QueryService::OnLinkReply(const redisReply& reply) {
  table_.OnReply(reply, loop_->Now(), loop_->WallNow(), link_.output());
  Flush();
}

void QueryService::Flush() {
  if (link_.IsUp() && !link_.output()->empty()) link_.Flush();
}

}  // namespace chaac
