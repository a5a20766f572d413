// One event for all, some listeners a round.
#include "http/stream_endpoint.h"

#include <fmt/format.h>

#include "query/stream_events.h"

namespace chaac {
namespace {

constexpr std::string_view kHeaders =
    "Cache-Control: no-store\r\n"
    "X-Accel-Buffering: no\r\n";  // NGINX hands on what comes, at once.

}  // namespace

ListenerCount::Admission ListenerCount::Join() {
  if (count_.fetch_add(1, std::memory_order_relaxed) < max_) return Admission::kAdmitted;
  Leave();
  return Admission::kFull;
}

StreamEndpoint::StreamEndpoint(EventLoop* loop, const SnapshotBoard* board, ListenerCount* count,
                               Responder* responder, StreamMetrics* metrics)
    : loop_(loop),
      board_(board),
      count_(count),
      responder_(responder),
      metrics_(metrics),
      started_at_(loop->WallNow()) {}

void StreamEndpoint::OnGet(const Request& /*request*/, RequestToken token) {
  if (count_->Join() == ListenerCount::Admission::kFull) {
    return responder_->Fail(
        Route::kStream, token,
        {ErrorCode::kListenerLimit,
         fmt::format("{} listen already, which is the most that this server takes; "
                     "GET /stats has the figures too",
                     count_->max()),
         {}});
  }
  const StreamStart start = responder_->BeginStream(
      Route::kStream, token,
      {.content_type = "text/event-stream", .body = kRetryField, .extra_headers = kHeaders},
      StreamKind::kEndless, this);
  if (start == StreamStart::kOver) return count_->Leave();
  if (listeners_.empty()) Refresh();
  listeners_[KeyOf(token)] = {.token = token};
  metrics_->listeners.Add(1);
}

void StreamEndpoint::OnTick() {
  if (!listeners_.empty()) Refresh();
}

// Makes the event that is due, if any.
void StreamEndpoint::Refresh() {
  const std::shared_ptr<const Snapshot> newest = board_->Newest();
  const MonotonicTime now = loop_->Now();
  if (newest != nullptr && now - newest->taken_at_monotonic <= kStaleAfter) {
    if (newest->number == snapshot_number_) return;
    snapshot_number_ = newest->number;
    SetEvent(std::make_shared<const StreamChunk>(newest->event, newest));
  } else if (event_ == nullptr || now - stale_told_at_ >= kStaleInterval) {
    stale_told_at_ = now;
    SetEvent(std::make_shared<const StreamChunk>(
        StaleEvent(newest == nullptr ? started_at_ : newest->taken_at,
                   "the store cannot be read at present; what was acknowledged is safe there")));
  }
}

void StreamEndpoint::SetEvent(std::shared_ptr<const StreamChunk> event) {
  event_ = std::move(event);
  ++event_number_;
  serving_ = true;
  next_ = {};
}

void StreamEndpoint::AtRoundEnd() {
  if (!serving_) return;
  auto listener = listeners_.lower_bound(next_);
  for (std::size_t i = 0; i < kListenersPerRound && listener != listeners_.end(); ++i) {
    Give(&listener->second);
    ++listener;
  }
  serving_ = listener != listeners_.end();
  if (!serving_) return;
  next_ = listener->first;
  loop_->WakeBy(loop_->Now());
}

// One that cannot take it now asks for it by itself, when it can.
void StreamEndpoint::Give(Listener* listener) {
  if (listener->event == event_number_) return;
  if (responder_->server()->WriteStream(listener->token, event_) != StreamWrite::kTaken) return;
  listener->event = event_number_;
  metrics_->events.Add();
}

void StreamEndpoint::OnStreamRoom(RequestToken token) {
  const auto found = listeners_.find(KeyOf(token));
  if (found != listeners_.end()) Give(&found->second);
}

void StreamEndpoint::OnStreamGone(RequestToken token, StreamLoss why) {
  if (listeners_.erase(KeyOf(token)) == 0) return;
  count_->Leave();
  metrics_->listeners.Add(-1);
  if (why == StreamLoss::kTooSlow) metrics_->dropped.Add();
  if (!listeners_.empty()) return;
  event_ = nullptr;  // And with it its snapshot.
  snapshot_number_ = 0;
  serving_ = false;
}

}  // namespace chaac
