// StoreRead: how a query is answered: the commands that are sent to the store, wave by wave, and
// what is made of the replies. Pure; not thread-safe.
// Limits: a wave is at most 24 commands, each on one key, and at most 1,000 elements of lists: none
// holds the store's only thread for long, and other clients' commands go between the waves.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "query/query.h"
#include "query/snapshot.h"
#include "store/resp.h"

namespace chaac {

class StoreRead {
 public:
  virtual ~StoreRead() = default;

  // Appends the commands of the next wave and tells how many there are; none when all is known.
  // REQUIRES: all replies to the wave before were taken.
  [[nodiscard]] virtual std::size_t Ask(std::string* out) = 0;
  // The reply to the oldest command that has none. After an error the read is of no more use.
  [[nodiscard]] virtual Result<void> Take(const redisReply& reply) = 0;
  // REQUIRES: Ask() has told none.
  [[nodiscard]] virtual std::string Body() = 0;
};

// `newest`: may be null; tells which municipalities report. `series_ttl`: how long the store keeps
// a minute: what must have expired is not asked for.
[[nodiscard]] std::unique_ptr<StoreRead> MakeStoreRead(const Query& query, const Snapshot* newest,
                                                       std::chrono::seconds series_ttl,
                                                       WallTime now);

}  // namespace chaac
