// Asks, compares with what is known, tells.
#include "app/settings_watch.h"

#include "base/log.h"

namespace chaac {

SettingsWatch::SettingsWatch(EventLoop* loop, const Link::Environment* environment,
                             SettingsWatchOptions options, SettingsMetrics* metrics,
                             LinkMetrics* link_metrics)
    : loop_(loop),
      options_(options),
      metrics_(metrics),
      link_(loop, environment, "settings", this, link_metrics) {
  for (Gauge& gauge : metrics_->unsafe) gauge.Set(SettingsMetrics::kUnknown);
}

void SettingsWatch::OnTick() {
  link_.OnTick();
  if (!link_.IsUp()) return;
  const auto since = loop_->Now() - asked_at_;
  if (asked_ && since >= kReplyTimeout) {
    link_.Reconnect("no answer in time");
  } else if (!asked_ && since >= options_.interval) {
    Ask();
  }
}

void SettingsWatch::OnLinkUp() { Ask(); }

void SettingsWatch::OnLinkDown() {
  asked_ = false;
  for (Gauge& gauge : metrics_->unsafe) gauge.Set(SettingsMetrics::kUnknown);
}

void SettingsWatch::Ask() {
  asked_ = true;
  asked_at_ = loop_->Now();
  question_.Start(link_.output());
  link_.Flush();
}

void SettingsWatch::OnLinkReply(const redisReply& reply) {
  if (!asked_) return;
  const StoreSettingsQuestion::Status status = question_.OnReply(reply);
  asked_ = status == StoreSettingsQuestion::Status::kMore;
  if (status == StoreSettingsQuestion::Status::kAnswered) Note(question_.settings());
}

void SettingsWatch::Note(const StoreSettings& settings) {
  for (std::size_t i = 0; i < kStoreSettingCount; ++i) {
    if (!settings[i]) {
      metrics_->unsafe[i].Set(SettingsMetrics::kUnknown);
      continue;
    }
    const auto setting = static_cast<StoreSetting>(i);
    const std::string_view risk = RiskOf(setting, *settings[i], options_.acks_by_replicas);
    metrics_->unsafe[i].Set(risk.empty() ? 0 : 1);
    if (known_[i] == settings[i] || (!known_[i] && risk.empty())) continue;
    const std::string before = known_[i].value_or("not known");
    if (risk.empty()) {
      LogInfo("a setting of the store was changed and is safe", {{"chaac.setting", NameOf(setting)},
                                                                 {"chaac.value", *settings[i]},
                                                                 {"chaac.value_before", before}});
    } else {
      LogWarning("a setting of the store puts acknowledged reports at risk",
                 {{"chaac.setting", NameOf(setting)},
                  {"chaac.value", *settings[i]},
                  {"chaac.value_before", before},
                  {"error.message", risk}});
    }
  }
  const auto fsync = static_cast<std::size_t>(StoreSetting::kAppendfsync);
  if (!settings[fsync] && !options_.acks_by_replicas && known_ != settings) {
    LogInfo("the store does not tell its appendfsync: the user needs the right +config|get");
  }
  known_ = settings;
}

}  // namespace chaac
