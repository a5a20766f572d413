// StoreSettings: what of the store's own configuration decides whether acknowledged reports are
// safe. Anybody may change it while servers run, so it is asked for again and again. Pure: no I/O,
// no clock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/resp.h"

namespace chaac {

enum class StoreSetting : std::uint8_t { kMaxmemoryPolicy, kAppendonly, kAppendfsync, kVersion };
inline constexpr std::size_t kStoreSettingCount = 4;

// As Valkey names it, and as the metrics do.
[[nodiscard]] std::string_view NameOf(StoreSetting setting);

// By StoreSetting. nullopt: the store does not tell, or the user may not ask (CONFIG GET).
using StoreSettings = std::array<std::optional<std::string>, kStoreSettingCount>;

// Why this value puts acknowledged reports at risk, with the way out. Empty: it does not.
// `acks_by_replicas`: reports are acknowledged when replicas have them (--ack replica).
[[nodiscard]] std::string_view RiskOf(StoreSetting setting, std::string_view value,
                                      bool acks_by_replicas);

class StoreSettingsQuestion {
 public:
  enum class Status : std::uint8_t {
    kMore,      // More replies are due.
    kAnswered,  // See settings().
    kFailed,    // The store cannot tell now: loading, busy.
  };

  // Appends all commands; OnReply() takes their replies in order.
  void Start(std::string* out);
  [[nodiscard]] Status OnReply(const redisReply& reply);
  [[nodiscard]] const StoreSettings& settings() const { return settings_; }

 private:
  bool has_info_ = false;
  bool failed_ = false;
  StoreSettings settings_;
};

}  // namespace chaac
