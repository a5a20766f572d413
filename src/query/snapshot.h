// Snapshot: all that the statistics show, read from the store at one instant, so that its sums
// agree. Immutable once made; shared between threads by SnapshotBoard.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "query/cached_body.h"
#include "query/municipality_json.h"
#include "query/municipality_list.h"
#include "query/totals.h"
#include "report/catalogue.h"
#include "store/resp.h"

namespace chaac {

struct Snapshot {
  std::uint64_t number = 0;  // Of this process's, from 1.
  WallTime taken_at{};
  MonotonicTime taken_at_monotonic{};
  std::uint64_t total_processed = 0;
  std::vector<MunicipalityTotals> municipalities;  // Those with reports, sorted by slug.
  CachedBody stats;                                // GET /stats
  CachedBody averages;                             // GET /averages
  MunicipalityList reporting;                      // GET /api/municipalities
  MunicipalityList all;                            // With the rest of the catalogue: ?all=true
  std::string event;                               // GET /api/stream
};

struct SnapshotOptions {
  std::vector<std::string> conditions;
  std::string notice;  // Shown with the figures when not empty: where the data is from.
  const Catalogue* catalogue = nullptr;  // Null: open mode. Outlives all snapshots.
};

// SnapshotMaker: from the answers of chaac_snapshot_v1 to snapshots. Immutable once made.
class SnapshotMaker {
 public:
  explicit SnapshotMaker(SnapshotOptions options);

  // Errors: kStoreUnavailable when `reply` is not of that form.
  [[nodiscard]] Result<Snapshot> Make(const redisReply& reply, std::uint64_t number, WallTime now,
                                      MonotonicTime monotonic_now) const;

 private:
  SnapshotOptions options_;
  MunicipalityJson municipality_json_;
};

// The newest snapshot, for all threads. Thread-safe.
class SnapshotBoard {
 public:
  void Publish(std::shared_ptr<const Snapshot> snapshot);
  // Null before the first.
  [[nodiscard]] std::shared_ptr<const Snapshot> Newest() const;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> newest_;  // Guarded by mutex_.
};

}  // namespace chaac
