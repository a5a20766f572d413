// Which values are safe, and how they are asked for.
#include "store/store_settings.h"

#include <charconv>
#include <utility>

#include "store/info.h"

namespace chaac {
namespace {

using Version = std::array<int, 3>;

// "8.0.11"; what is missing or no number is 0.
Version ParseVersion(std::string_view text) {
  Version version{};
  for (int& part : version) {
    const char* end = std::from_chars(text.data(), text.data() + text.size(), part).ptr;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with('.')) text.remove_prefix(1);
  }
  return version;
}

// Valkey before the repair of issue 4342. Whether a Redis, or which Valkey 9, has the fault is not
// known here.
bool DoublesAfterACut(std::string_view version) {
  constexpr std::string_view kValkey = "valkey ";
  if (!version.starts_with(kValkey)) return false;
  const Version parsed = ParseVersion(version.substr(kValkey.size()));
  return parsed < Version{8, 0, 11} || (parsed >= Version{8, 1, 0} && parsed < Version{8, 1, 10});
}

std::optional<std::string> TextOrNone(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

std::optional<std::string> VersionOf(std::string_view info) {
  if (const auto valkey = InfoValue(info, "valkey_version"); !valkey.empty()) {
    return "valkey " + std::string(valkey);
  }
  const auto redis = InfoValue(info, "redis_version");
  return redis.empty() ? std::nullopt : std::optional<std::string>("redis " + std::string(redis));
}

std::optional<std::string> AppendonlyOf(std::string_view info) {
  const auto enabled = InfoValue(info, "aof_enabled");
  return enabled.empty() ? std::nullopt : std::optional<std::string>(enabled == "1" ? "yes" : "no");
}

}  // namespace

std::string_view NameOf(StoreSetting setting) {
  static constexpr std::array<std::string_view, kStoreSettingCount> kNames = {
      "maxmemory-policy", "appendonly", "appendfsync", "version"};
  return kNames[static_cast<std::size_t>(setting)];
}

std::string_view RiskOf(StoreSetting setting, std::string_view value, bool acks_by_replicas) {
  switch (setting) {
    case StoreSetting::kMaxmemoryPolicy:
      if (value == "noeviction") return {};
      return "a full store may evict reports: set 'maxmemory-policy noeviction'";
    case StoreSetting::kAppendonly:
      if (acks_by_replicas || value == "yes") return {};
      return "when the store stops, acknowledged reports are lost: set 'appendonly yes' and "
             "'appendfsync always'";
    case StoreSetting::kAppendfsync:
      if (acks_by_replicas || value == "always") return {};
      return "when the store's machine fails, the newest acknowledged reports are lost: set "
             "'appendfsync always'";
    case StoreSetting::kVersion:
      if (!DoublesAfterACut(value)) return {};
      return "after a power cut within the write of a commit this version may store a later report "
             "twice (valkey-io/valkey 4342): run 8.0.11, 8.1.10 or newer; "
             "script/server and deploy/valkey/start.sh mend the file before each start";
  }
  return {};
}

void StoreSettingsQuestion::Start(std::string* out) {
  has_info_ = false;
  failed_ = false;
  settings_ = {};
  AppendCommand({"INFO"}, out);
  AppendCommand({"CONFIG", "GET", "appendfsync"}, out);  // INFO does not tell it.
}

StoreSettingsQuestion::Status StoreSettingsQuestion::OnReply(const redisReply& reply) {
  const auto set = [this](StoreSetting setting, std::optional<std::string> value) {
    settings_[static_cast<std::size_t>(setting)] = std::move(value);
  };
  // A missing right is an answer: the setting is not known.
  failed_ = failed_ || (IsError(reply) && !TextOf(reply).starts_with("NOPERM"));
  if (!std::exchange(has_info_, true)) {
    if (IsError(reply)) return Status::kMore;
    const std::string_view info = TextOf(reply);
    set(StoreSetting::kMaxmemoryPolicy, TextOrNone(InfoValue(info, "maxmemory_policy")));
    set(StoreSetting::kAppendonly, AppendonlyOf(info));
    set(StoreSetting::kVersion, VersionOf(info));
    return Status::kMore;
  }
  if (SizeOf(reply) == 2) set(StoreSetting::kAppendfsync, TextOrNone(TextOf(ElementOf(reply, 1))));
  return failed_ ? Status::kFailed : Status::kAnswered;
}

}  // namespace chaac
