// What the store keeps, for how long, and how much of it: the settings that every commit carries.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chaac {

struct StoreOptions {
  std::chrono::seconds data_ttl{86'400};    // A municipality's keys live on after its last report.
  std::chrono::seconds series_ttl{86'400};  // Retention of the per-minute series.
  std::chrono::seconds fence_ttl{172'800};  // An idle writer's fence; far above any reply in doubt.
  std::uint32_t list_length_max =
      1'000;  // Values, ids and elements of `recent` kept a municipality.
  std::uint32_t municipalities_max = 1'000;
  std::uint32_t client_ids_max = 2'000'000;  // Remembered in each of two windows: ~100 bytes each.
  std::vector<std::string> conditions;       // In the order of ConditionIndex.
};

// The `options` argument of the function library.
std::string OptionsText(const StoreOptions& options);

// Keys of Chaac's own; the others are in chaac.lua.
inline constexpr std::string_view kFencePrefix = "chaac:fence:";
inline constexpr std::string_view kIndexKey = "chaac:municipalities";
inline constexpr std::string_view kSeenPrefix = "chaac:seen";
inline constexpr std::string_view kCreationsKey = "chaac:creations";
inline constexpr std::string_view kLeaseKey = "chaac:ids";
inline constexpr std::string_view kSchemaKey = "chaac:schema";
inline constexpr std::string_view kSchemaVersion = "1";
std::string FenceKey(std::string_view writer);

}  // namespace chaac
