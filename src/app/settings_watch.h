// SettingsWatch: asks the store, over a connection of its own, for the settings that acknowledged
// reports depend on: at each connection, and then again and again. What puts reports at risk is
// logged when it is found or changes, and shown in the metrics. Not thread-safe: its event loop
// owns it.
#pragma once

#include <array>
#include <chrono>

#include "base/event_loop.h"
#include "base/metrics.h"
#include "store/link.h"
#include "store/store_settings.h"

namespace chaac {

// Written by the control thread, read by any.
struct SettingsMetrics {
  static constexpr std::int64_t kUnknown = -1;
  std::array<Gauge, kStoreSettingCount> unsafe;  // By StoreSetting: 1, 0 or kUnknown.
};

struct SettingsWatchOptions {
  std::chrono::seconds interval{60};
  bool acks_by_replicas = false;  // As for RiskOf().
};

class SettingsWatch final : private LinkListener {
 public:
  // Without an answer for so long the connection is given up.
  static constexpr std::chrono::milliseconds kReplyTimeout{5'000};

  // All pointers outlive this.
  SettingsWatch(EventLoop* loop, const Link::Environment* environment, SettingsWatchOptions options,
                SettingsMetrics* metrics, LinkMetrics* link_metrics);

  // To be called on every tick of the loop.
  void OnTick();

 private:
  void OnLinkUp() override;
  void OnLinkDown() override;
  void OnLinkReply(const redisReply& reply) override;
  void Ask();
  void Note(const StoreSettings& settings);

  EventLoop* loop_;
  const SettingsWatchOptions options_;
  SettingsMetrics* metrics_;
  StoreSettingsQuestion question_;
  StoreSettings known_;
  bool asked_ = false;
  MonotonicTime asked_at_{};
  Link link_;
};

}  // namespace chaac
