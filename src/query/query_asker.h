// QueryAsker: one event loop's way to the QueryService. Not thread-safe: its loop owns it.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/event_loop.h"
#include "base/mailbox.h"
#include "query/query_service.h"

namespace chaac {

class QueryAsker {
 public:
  // Of one loop: a thousand pages that ask at the same moment, and some. About 1 KiB each.
  static constexpr std::size_t kUnansweredMax = 4'096;

  // Both outlive this; when this ends, no task of the loop runs any more.
  QueryAsker(EventLoop* loop, QueryService* service)
      : mailbox_(std::make_shared<Mailbox>(loop)), service_(service) {}
  ~QueryAsker() { mailbox_->Close(); }
  QueryAsker(const QueryAsker&) = delete;
  QueryAsker& operator=(const QueryAsker&) = delete;

  // `done` runs on this loop, later. Errors: kServerBusy; then it never does.
  [[nodiscard]] Result<void> Ask(Query query, QueryDone done) {
    if (unanswered_ >= kUnansweredMax) {
      return Fail(ErrorCode::kServerBusy, "too many requests wait for the store; try again");
    }
    ++unanswered_;
    service_->Ask(std::move(query), mailbox_,
                  [this, done = std::move(done)](const QueryAnswerPtr& answer) {
                    --unanswered_;
                    done(answer);
                  });
    return {};
  }

 private:
  const std::shared_ptr<Mailbox> mailbox_;
  QueryService* service_;
  std::size_t unanswered_ = 0;
};

}  // namespace chaac
