// 200 or 304.
#include "http/cached_answer.h"

#include <utility>

namespace chaac {
namespace {

// Larger bodies are sent from where they are; smaller ones are copied among other answers.
constexpr std::size_t kCopiedBytesMax = std::size_t{4} * 1024;

}  // namespace

Result<std::shared_ptr<const Snapshot>> FreshSnapshot(const SnapshotBoard& board,
                                                      MonotonicTime now) {
  std::shared_ptr<const Snapshot> snapshot = board.Newest();
  if (snapshot == nullptr || now - snapshot->taken_at_monotonic > kSnapshotAgeMax) {
    return Fail(ErrorCode::kStoreUnavailable,
                "the store cannot be read at present; what was acknowledged is safe there");
  }
  return snapshot;
}

WaitingRead Remember(Route route, const Request& request, RequestToken token, MonotonicTime now) {
  const std::string_view names = request.if_none_match;
  return {.route = route,
          .token = token,
          .if_none_match = std::string(names.size() <= kIfNoneMatchBytesMax ? names : ""),
          .arrived_at = now};
}

void AnswerCached(Responder* responder, const WaitingRead& read, const CachedView& view,
                  std::shared_ptr<const void> keeper) {
  if (EtagMatches(view.etag, read.if_none_match)) {
    responder->Answer(read.route, read.token, {.status = 304, .extra_headers = view.headers},
                      read.arrived_at);
    return;
  }
  Response response{.content_type = view.content_type, .extra_headers = view.headers};
  if (view.body.size() <= kCopiedBytesMax) {
    response.body = view.body;
    responder->Answer(read.route, read.token, response, read.arrived_at);
    return;
  }
  responder->AnswerShared(read.route, read.token, response,
                          std::make_shared<const StreamChunk>(view.body, std::move(keeper)),
                          read.arrived_at);
}

}  // namespace chaac
