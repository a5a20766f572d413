// Keyspace: the keys of the stand-in store: strings, lists, hashes and sets, each with an optional
// expiry. Expired keys vanish when they are looked at; the time is set from outside.
// In memory, unbounded; not thread-safe.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"

namespace chaac {

// Hashes and sets are in order, so that runs repeat; Valkey promises no order.
using StoredString = std::string;
using StoredList = std::deque<std::string>;
using StoredHash = std::map<std::string, std::string, std::less<>>;
using StoredSet = std::set<std::string, std::less<>>;

// Moving a deque may allocate, and so throw; out of memory, a test ends.
struct StoredValue {  // NOLINT(bugprone-exception-escape)
  std::variant<StoredString, StoredList, StoredHash, StoredSet> data;
  std::optional<WallTime> expires_at;

  bool operator==(const StoredValue&) const = default;
};

class Keyspace {
 public:
  void SetTime(WallTime now) { now_ = now; }
  [[nodiscard]] WallTime now() const { return now_; }

  // The key's value, or nullptr. Valid until the next change of the key space.
  StoredValue* Find(std::string_view key);

  // A new value without expiry in place of any there was.
  StoredValue& Put(std::string_view key, StoredValue value);

  // False when there was no such key.
  bool Erase(std::string_view key);

  void Clear() { values_.clear(); }

  // A copy of all keys that have not expired.
  [[nodiscard]] std::map<std::string, StoredValue> Snapshot() const;

 private:
  struct Hasher {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  [[nodiscard]] bool HasExpired(const StoredValue& value) const {
    return value.expires_at && now_ > *value.expires_at;
  }

  WallTime now_{};
  std::unordered_map<std::string, StoredValue, Hasher, std::equal_to<>> values_;
};

}  // namespace chaac
