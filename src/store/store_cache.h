// StoreCache: what this loop knows the store to hold, so that commits carry only what may change
// it. Valid because extremes only widen while a municipality's keys live, and because the store
// tells when municipalities were created since: keys that expired, however early, begin anew with
// that. Not thread-safe: its loop owns it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/time.h"
#include "report/report.h"

namespace chaac {

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  [[nodiscard]] bool Holds(const Range& other) const {
    return other.low >= low && other.high <= high;
  }
  void Widen(const Range& other) {
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
};

class StoreCache {
 public:
  // `data_ttl`: how long a municipality's keys live after a commit.
  explicit StoreCache(std::chrono::seconds data_ttl);

  // Whether this commit must refresh the keys' expiry: once a minute, oftener when they live
  // shortly.
  [[nodiscard]] bool ExpiryIsDue(MunicipalityIndex municipality, MonotonicTime now) const;
  // Whether the store may not hold these extremes yet. An empty Range asks for nothing.
  [[nodiscard]] bool ExtremesMayWiden(MunicipalityIndex municipality, const Range& temperature,
                                      const Range& humidity) const;

  // A commit that ExpiryIsDue() and ExtremesMayWiden() were asked for was applied, at `sent_at` or
  // later.
  void NoteCommitted(MunicipalityIndex municipality, const Range& temperature,
                     const Range& humidity, bool expiry_refreshed, MonotonicTime sent_at);

  // How many municipalities the store had created, as it told last. Every commit names it: where it
  // is not the store's any more, the function looks at all extremes.
  [[nodiscard]] std::int64_t creations() const { return creations_; }
  // The store told another number: what was known may be of keys that are gone.
  void NoteCreations(std::int64_t creations) {
    creations_ = creations;
    Clear();
  }

  // The store may have lost what it held.
  void Clear() { entries_.clear(); }

 private:
  struct Entry {
    bool known = false;
    Range temperature;
    Range humidity;
    MonotonicTime expiry_refreshed_at{};
  };

  [[nodiscard]] const Entry* Find(MunicipalityIndex municipality) const;

  std::int64_t creations_ = 0;
  std::chrono::milliseconds expiry_refresh_interval_;
  std::vector<Entry> entries_;  // By MunicipalityIndex.
};

}  // namespace chaac
