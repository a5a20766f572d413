// CachedAnswer: answering a read with a body that was made before, or with 304 when the client has
// it. Not thread-safe: belongs to its loop.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "http/handler.h"
#include "http/responder.h"
#include "http/routes.h"
#include "query/cached_body.h"
#include "query/snapshot.h"

namespace chaac {

// Figures older than this are not shown: 503 says that the store cannot be read.
inline constexpr std::chrono::seconds kSnapshotAgeMax{10};

// The newest snapshot. Errors: kStoreUnavailable when there is none, or it is too old.
[[nodiscard]] Result<std::shared_ptr<const Snapshot>> FreshSnapshot(const SnapshotBoard& board,
                                                                    MonotonicTime now);

// What an answer needs to remember of its request while the store is asked.
struct WaitingRead {
  Route route;
  RequestToken token;
  std::string if_none_match;
  MonotonicTime arrived_at;
};

// A longer If-None-Match is not remembered: the answer is then whole, which is always right.
inline constexpr std::size_t kIfNoneMatchBytesMax = 512;

[[nodiscard]] WaitingRead Remember(Route route, const Request& request, RequestToken token,
                                   MonotonicTime now);

struct CachedView {
  std::string_view body;
  std::string_view headers;  // Of ETag and Cache-Control, and any others.
  std::string_view etag;
  std::string_view content_type = "application/json";
};

// Sends `view`, which `keeper` keeps alive, or 304.
void AnswerCached(Responder* responder, const WaitingRead& read, const CachedView& view,
                  std::shared_ptr<const void> keeper);

}  // namespace chaac
