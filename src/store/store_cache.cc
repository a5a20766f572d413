// What this loop has established in the store.
#include "store/store_cache.h"

namespace chaac {

using std::chrono::milliseconds;

StoreCache::StoreCache(std::chrono::seconds data_ttl)
    : expiry_refresh_interval_(
          std::min<milliseconds>(std::chrono::minutes(1), milliseconds(data_ttl) / 4)) {}

const StoreCache::Entry* StoreCache::Find(MunicipalityIndex municipality) const {
  if (municipality >= entries_.size()) return nullptr;
  const Entry& entry = entries_[municipality];
  return entry.known ? &entry : nullptr;
}

bool StoreCache::ExpiryIsDue(MunicipalityIndex municipality, MonotonicTime now) const {
  const Entry* entry = Find(municipality);
  return entry == nullptr || now - entry->expiry_refreshed_at >= expiry_refresh_interval_;
}

bool StoreCache::ExtremesMayWiden(MunicipalityIndex municipality, const Range& temperature,
                                  const Range& humidity) const {
  const Entry* entry = Find(municipality);
  return entry == nullptr || !entry->temperature.Holds(temperature) ||
         !entry->humidity.Holds(humidity);
}

void StoreCache::NoteCommitted(MunicipalityIndex municipality, const Range& temperature,
                               const Range& humidity, bool expiry_refreshed,
                               MonotonicTime sent_at) {
  if (municipality >= entries_.size()) entries_.resize(municipality + std::size_t{1});
  Entry& entry = entries_[municipality];
  entry.known = true;
  entry.temperature.Widen(temperature);
  entry.humidity.Widen(humidity);
  if (expiry_refreshed) entry.expiry_refreshed_at = sent_at;
}

}  // namespace chaac
