// Values with lazy expiry.
#include "store/testing/keyspace.h"

namespace chaac {

StoredValue* Keyspace::Find(std::string_view key) {
  const auto found = values_.find(key);
  if (found == values_.end()) return nullptr;
  if (HasExpired(found->second)) {
    values_.erase(found);
    return nullptr;
  }
  return &found->second;
}

StoredValue& Keyspace::Put(std::string_view key, StoredValue value) {
  return values_.insert_or_assign(std::string(key), std::move(value)).first->second;
}

bool Keyspace::Erase(std::string_view key) {
  if (Find(key) == nullptr) return false;
  values_.erase(values_.find(key));
  return true;
}

std::map<std::string, StoredValue> Keyspace::Snapshot() const {
  std::map<std::string, StoredValue> snapshot;
  for (const auto& [key, value] : values_) {
    if (!HasExpired(value)) snapshot.emplace(key, value);
  }
  return snapshot;
}

}  // namespace chaac
