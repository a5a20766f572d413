// One row for each setting.
#include "app/config_schema.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <stdexcept>
#include <type_traits>

#include "report/text.h"

namespace chaac {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kSecondMs = 1'000;
constexpr std::int64_t kHourMs = 3'600 * kSecondMs;
constexpr std::int64_t kHourS = 3'600;
constexpr std::int64_t kYearS = kHourS * 24 * 366;
constexpr std::size_t kNoticeBytesMax = 200;  // One line of a page.
constexpr std::int64_t kLoopsMax = 256;       // More threads than any machine we know serves well.
constexpr std::int64_t kRowsMax = 20'000;     // One request's ids come from one leased block.
constexpr std::int64_t kDataTtlMinS = 120;    // Refreshed once a minute: two chances before expiry.
constexpr std::int64_t kAckReplicasMax = 16;  // Of one primary; more are fed by other replicas.
constexpr std::int64_t kMunicipalitiesMax = 65'535;  // MunicipalityIndex has 16 bits.
static_assert(kRowsMax <= IngestLimits{}.ids_block);
static_assert(kMunicipalitiesMax == std::numeric_limits<MunicipalityIndex>::max());

constexpr std::array<std::string_view, 3> kFormatNames = {"auto", "json", "text"};  // LogFormat's.
constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warning", "error"};

bool IsAddress(std::string_view text) {
  const std::string terminated(text);
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, terminated.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1;
}

bool IsNotice(std::string_view text) {
  if (text.size() > kNoticeBytesMax) return false;
  while (!text.empty()) {
    const auto code_point = TakeCodePoint(&text);
    if (!code_point || *code_point < 0x20 || *code_point == 0x7F) return false;
  }
  return true;
}

bool IsPresent(std::string_view text) { return !text.empty(); }

bool IsSentinels(std::string_view text) { return text.empty() || ParseSentinels(text).has_value(); }

bool IsAck(std::string_view text) { return text == "primary" || text == "replica"; }

std::vector<std::string> ListOf(std::string_view text) {
  std::vector<std::string> list;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    list.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return list;
}

bool IsConditions(std::string_view text) try {
  const Conditions conditions(ListOf(text));
  return true;
} catch (const std::invalid_argument&) {
  return false;
}

using enum ConfigGroup;
using FieldOf = ConfigField (*)(Config*);

// A number from `min` to `max`.
constexpr Property Number(ConfigGroup group, std::string_view name, std::string_view kind,
                          std::int64_t min, std::int64_t max, FieldOf field, std::string_view prose,
                          std::string_view weaker_variable = {}) {
  return {.name = name,
          .group = group,
          .kind = kind,
          .prose = prose,
          .field = field,
          .min = min,
          .max = max,
          .weaker_variable = weaker_variable};
}

// A text of which `accepts` tells whether it is `allowed`.
constexpr Property Text(ConfigGroup group, std::string_view name, std::string_view kind,
                        std::string_view allowed, bool (*accepts)(std::string_view), FieldOf field,
                        std::string_view prose) {
  return {.name = name,
          .group = group,
          .kind = kind,
          .prose = prose,
          .field = field,
          .allowed = allowed,
          .accepts = accepts};
}

// Any text.
constexpr Property Text(ConfigGroup group, std::string_view name, std::string_view kind,
                        FieldOf field, std::string_view prose, Secrecy secrecy = Secrecy::kPlain) {
  return {.name = name,
          .group = group,
          .kind = kind,
          .prose = prose,
          .field = field,
          .secrecy = secrecy};
}

constexpr std::string_view kAddressAllowed =
    "an IPv4 or IPv6 address, for example 0.0.0.0, 127.0.0.1 or ::1";

constexpr std::string_view kConditionsAllowed =
    "1 to 32 different slugs of a-z, 0-9 and single -, separated by commas";
static_assert(Conditions::kCountMax == 32);

constexpr std::string_view kSentinelsAllowed =
    "up to 16 addresses, host or host:port (26379 otherwise), separated by commas";
static_assert(Sentinels::kCountMax == 16 && Sentinels::kDefaultPort == 26'379);

// In the order in which help and reference show them.
constexpr auto kSchema = std::to_array<Property>({
    Text(
        kListening, "listen-host", "ADDRESS", kAddressAllowed, IsAddress,
        [](Config* c) -> ConfigField { return &c->listen.host; },
        "Where the public port listens. 127.0.0.1 serves this machine alone, :: IPv6 too."),
    Number(
        kListening, "port", "PORT", 0, 65'535,
        [](Config* c) -> ConfigField { return &c->listen.port; },
        "The public port, for reports and queries. 0 takes any free one and logs it.", "PORT"),
    Text(
        kListening, "admin-host", "ADDRESS", kAddressAllowed, IsAddress,
        [](Config* c) -> ConfigField { return &c->admin.host; },
        "Where the admin port listens. It has no authentication: keep it off the internet."),
    Number(
        kListening, "admin-port", "PORT", 0, 65'535,
        [](Config* c) -> ConfigField { return &c->admin.port; },
        "The port of /metrics, /livez and /readyz. 0 takes any free one and logs it."),
    Number(
        kListening, "loops", "THREADS", 0, kLoopsMax,
        [](Config* c) -> ConfigField { return &c->loops; },
        "Event loops, each a thread with its own connection to Valkey. 0 takes half the "
        "processor's cores, at least one."),
    Number(
        kListening, "drain-delay-ms", "MS", 0, 300 * kSecondMs,
        [](Config* c) -> ConfigField { return &c->drain_delay; },
        "How long SIGTERM leaves the doors open after /ready turned to 503, so that load "
        "balancers can turn away first. On Kubernetes 5000 is usual."),
    Number(
        kListening, "drain-timeout-ms", "MS", 100, 600 * kSecondMs,
        [](Config* c) -> ConfigField { return &c->drain_timeout; },
        "How long requests under way may then take to finish. With drain-delay-ms it belongs "
        "below the grace period of whatever stops the process."),

    {.name = "valkey-url",
     .group = kStore,
     .kind = "URL",
     .prose =
         "The store: valkey://[user[:password]@]host[:port][/database], valkeys:// for TLS, or "
         "unix:///path.sock. redis:// and rediss:// mean the same.",
     .field = [](Config* c) -> ConfigField { return &c->valkey.url; },
     .allowed = "a URL that begins with valkey, valkeys, redis, rediss or unix, and ://",
     .weaker_variable = "VALKEY_URL",
     .secrecy = Secrecy::kUrl},
    Text(
        kStore, "valkey-username", "NAME",
        [](Config* c) -> ConfigField { return &c->valkey.username; },
        "The store's user, instead of the URL's."),
    Text(
        kStore, "valkey-password", "SECRET",
        [](Config* c) -> ConfigField { return &c->valkey.password; },
        "The store's password, instead of the URL's. Prefer CHAAC_VALKEY_PASSWORD or a file: "
        "everyone on the machine can read a flag.",
        Secrecy::kSecret),
    Text(
        kStore, "valkey-password-file", "FILE",
        [](Config* c) -> ConfigField { return &c->valkey.password_file; },
        "A file that holds the store's password, as mounted secrets do. One line break at its "
        "end is left out."),
    Text(
        kStore, "valkey-ca-file", "FILE",
        [](Config* c) -> ConfigField { return &c->valkey.ca_file; },
        "The certificates to trust for valkeys://, PEM. Empty: the system's."),
    Text(
        kStore, "valkey-tls-server-name", "NAME",
        [](Config* c) -> ConfigField { return &c->valkey.tls_server_name; },
        "The name that the store's certificate must carry. Empty: the URL's host."),
    Text(
        kStore, "valkey-sentinels", "HOST:PORT,…", kSentinelsAllowed, IsSentinels,
        [](Config* c) -> ConfigField { return &c->valkey.sentinels; },
        "The Sentinels to ask where the primary is, now and after each failover; the URL's host "
        "and "
        "port then count for nothing, its scheme (TLS or not) for the Sentinels too. Empty: the "
        "store is where the URL says."),
    Text(
        kStore, "valkey-sentinel-master", "NAME", "a name", IsPresent,
        [](Config* c) -> ConfigField { return &c->valkey.sentinel_master; },
        "The name under which the Sentinels know the primary."),
    Text(
        kStore, "valkey-sentinel-username", "NAME",
        [](Config* c) -> ConfigField { return &c->valkey.sentinel_username; },
        "The Sentinels' own user, if they have one."),
    Text(
        kStore, "valkey-sentinel-password", "SECRET",
        [](Config* c) -> ConfigField { return &c->valkey.sentinel_password; },
        "The Sentinels' own password, if they have one. Prefer the variable or a file.",
        Secrecy::kSecret),
    Text(
        kStore, "valkey-sentinel-password-file", "FILE",
        [](Config* c) -> ConfigField { return &c->valkey.sentinel_password_file; },
        "A file that holds the Sentinels' password."),
    Text(
        kStore, "ack", "primary|replica", "one of primary, replica", IsAck,
        [](Config* c) -> ConfigField { return &c->ack.level; },
        "What must have a report before it is acknowledged: the primary, or ack-replicas replicas "
        "as well (docs/reliability.md)."),
    Number(
        kStore, "ack-replicas", "REPLICAS", 1, kAckReplicasMax,
        [](Config* c) -> ConfigField { return &c->ack.replicas; },
        "With ack replica: how many replicas. While fewer confirm, reports are answered 503. Only "
        "all of them rule out that one is promoted that lacks an acknowledged report."),
    Number(
        kStore, "store-reply-timeout-ms", "MS", 10, 60 * kSecondMs,
        [](Config* c) -> ConfigField { return &c->ingest.reply_timeout; },
        "How long a report may wait for its commit; then its client gets 503, and the outcome "
        "is resolved in the background."),
    Number(
        kStore, "store-check-interval-s", "S", 1, kHourS,
        [](Config* c) -> ConfigField { return &c->store_check_interval; },
        "How often the store's own settings are looked at (maxmemory-policy, appendonly, "
        "appendfsync): one that puts acknowledged reports at risk is logged and shown in "
        "chaac_store_setting_unsafe."),

    Number(
        kLimits, "head-bytes-max", "BYTES", kKiB, kMiB,
        [](Config* c) -> ConfigField { return &c->http.head_bytes_max; },
        "The request line and headers of one request; more is 431."),
    Number(
        kLimits, "target-bytes-max", "BYTES", 256, 64 * kKiB,
        [](Config* c) -> ConfigField { return &c->http.target_bytes_max; },
        "The path and query of one request; more is 414."),
    Number(
        kLimits, "body-bytes-max", "BYTES", kKiB, 64 * kMiB,
        [](Config* c) -> ConfigField { return &c->http.body_bytes_max; },
        "The body of one request, a whole batch; more is 413."),
    Number(
        kLimits, "buffered-bytes-max", "BYTES", kMiB, 64 * kKiB * kMiB,
        [](Config* c) -> ConfigField { return &c->http.buffered_bytes_max; },
        "Memory of the process for requests above 64 KiB while they arrive; beyond it: 503 "
        "server-busy. Each loop takes at least what two bodies need."),
    Number(
        kLimits, "report-bytes-max", "BYTES", 256, kMiB,
        [](Config* c) -> ConfigField { return &c->decoder.report_bytes_max; },
        "The JSON of one report: a single body or one row of a batch; more is 413."),
    Number(
        kLimits, "rows-max", "ROWS", 1, kRowsMax,
        [](Config* c) -> ConfigField { return &c->decoder.rows_max; },
        "The reports of one batch; more is 413."),
    Number(
        kLimits, "json-depth-max", "LEVELS", 2, 64,
        [](Config* c) -> ConfigField { return &c->decoder.json_depth_max; },
        "Arrays and objects within one another; deeper is 400."),
    Number(
        kLimits, "connections-max", "CONNECTIONS", 1, 1'000'000,
        [](Config* c) -> ConfigField { return &c->http.connections_max; },
        "Open connections of the process; further ones are closed at once."),
    Number(
        kLimits, "stream-listeners-max", "LISTENERS", 1, 1'000'000,
        [](Config* c) -> ConfigField { return &c->stream.listeners_max; },
        "Listeners of the process to /api/stream; beyond it: 503 listener-limit."),
    Number(
        kLimits, "batch-reports-max", "REPORTS", 1, 10'000,
        [](Config* c) -> ConfigField { return &c->ingest.batch_reports_max; },
        "Reports that join one commit. It bounds the time that a commit holds Valkey's only "
        "thread. One larger request still travels whole."),
    Number(
        kLimits, "batch-bytes-max", "BYTES", 4 * kKiB, 64 * kMiB,
        [](Config* c) -> ConfigField { return &c->ingest.batch_bytes_max; },
        "Estimated bytes of one commit's arguments, bounded likewise."),
    Number(
        kLimits, "batch-wait-us", "US", 0, 100'000,
        [](Config* c) -> ConfigField { return &c->ingest.batch_wait_max; },
        "How long a commit may wait for clients that are expected back, and no longer than twice "
        "what the last commit took; 0: never. A client that is alone does not wait."),
    Number(
        kLimits, "queue-reports-max", "REPORTS", 1, 10'000'000,
        [](Config* c) -> ConfigField { return &c->ingest.queue_reports_max; },
        "Reports of the process that may wait to be sent to the store; beyond it: 503 "
        "queue-full."),
    Number(
        kLimits, "receive-timeout-ms", "MS", 100, 600 * kSecondMs,
        [](Config* c) -> ConfigField { return &c->http.receive_timeout; },
        "From a request's first byte to its last; slower is 408."),
    Number(
        kLimits, "idle-timeout-ms", "MS", kSecondMs, kHourMs,
        [](Config* c) -> ConfigField { return &c->http.idle_timeout; },
        "How long a connection may stay open between requests. Longer than a proxy's own limit "
        "avoids its 502."),
    Number(
        kLimits, "client-ids-max", "IDS", 1, 100'000'000,
        [](Config* c) -> ConfigField { return &c->store.client_ids_max; },
        "Client ids remembered in each of two windows, about 100 bytes of Valkey's memory each; "
        "beyond it: 503 id-window-full."),
    Number(
        kLimits, "municipalities-max", "COUNT", 1, kMunicipalitiesMax,
        [](Config* c) -> ConfigField { return &c->store.municipalities_max; },
        "Municipalities when any is accepted (municipalities is open); beyond it: 422."),

    Text(
        kData, "municipalities", "builtin|open|FILE", "builtin, open, or the path of a catalogue",
        IsPresent, [](Config* c) -> ConfigField { return &c->municipalities; },
        "Which municipalities reports may name: the 340 of Guatemala (builtin), any (open), or "
        "those of a CSV file with the columns of data/municipalities.csv."),
    Text(
        kData, "conditions", "SLUG,SLUG,…", kConditionsAllowed, IsConditions,
        [](Config* c) -> ConfigField { return &c->store.conditions; },
        "The sky conditions that reports may name, separated by commas."),
    Text(
        kData, "notice", "TEXT", "at most 200 bytes of UTF-8 on one line", IsNotice,
        [](Config* c) -> ConfigField { return &c->notice; },
        "A line shown with the data, for example: demo: New York airports, 2013"),
    Number(
        kData, "data-ttl-s", "S", kDataTtlMinS, 10 * kYearS,
        [](Config* c) -> ConfigField { return &c->store.data_ttl; },
        "How long a municipality's keys live on after its last report."),
    Number(
        kData, "series-retention-s", "S", kHourS, 10 * kYearS,
        [](Config* c) -> ConfigField { return &c->store.series_ttl; },
        "How long the per-minute series is kept."),
    Number(
        kData, "list-length-max", "VALUES", 1, 1'000'000,
        [](Config* c) -> ConfigField { return &c->store.list_length_max; },
        "Latest temperatures, humidities, ids and reports kept of each municipality."),

    Text(
        kLogging, "log-format", "auto|json|text",
        [](Config* c) -> ConfigField { return &c->log.format; },
        "Logs go to standard error: json with ECS names, text for people; auto means text on a "
        "terminal."),
    Text(
        kLogging, "log-level", "debug|info|warning|error",
        [](Config* c) -> ConfigField { return &c->log.level; },
        "The least important lines to write."),
});

// How texts become a member's type and back. `std::nullopt`: the text is no such value.

template <typename Enum, std::size_t N>
std::optional<Enum> EnumOf(std::string_view text, const std::array<std::string_view, N>& names) {
  const auto* const found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

std::optional<std::int64_t> NumberOf(std::string_view text, const Property& property) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (number < property.min || number > property.max) return std::nullopt;
  return number;
}

template <typename T>
constexpr bool kIsDuration = false;
template <typename Rep, typename Period>
constexpr bool kIsDuration<std::chrono::duration<Rep, Period>> = true;

bool Store(const Property& property, std::string_view text, std::string* member) {
  if (property.accepts != nullptr && !property.accepts(text)) return false;
  *member = text;
  return true;
}

bool Store(const Property& property, std::string_view text, std::vector<std::string>* member) {
  if (property.accepts != nullptr && !property.accepts(text)) return false;
  *member = ListOf(text);
  return true;
}

bool Store(const Property&, std::string_view text, LogFormat* member) {
  const auto format = EnumOf<LogFormat>(text, kFormatNames);
  *member = format.value_or(*member);
  return format.has_value();
}

bool Store(const Property&, std::string_view text, LogLevel* member) {
  const auto level = EnumOf<LogLevel>(text, kLevelNames);
  *member = level.value_or(*member);
  return level.has_value();
}

template <typename Number>
bool Store(const Property& property, std::string_view text, Number* member) {
  const auto number = NumberOf(text, property);
  if (!number) return false;
  *member = static_cast<Number>(*number);  // NumberOf() checked the property's bounds.
  return true;
}

std::string Show(const std::string& member) { return member; }
std::string Show(const std::vector<std::string>& member) {
  return fmt::format("{}", fmt::join(member, ","));
}
std::string Show(LogFormat member) {
  return std::string(kFormatNames[static_cast<std::size_t>(member)]);
}
std::string Show(LogLevel member) {
  return std::string(kLevelNames[static_cast<std::size_t>(member)]);
}
template <typename Number>
std::string Show(Number member) {
  if constexpr (kIsDuration<Number>) {
    return std::to_string(member.count());
  } else {
    return std::to_string(member);
  }
}

}  // namespace

std::string_view NameOf(ConfigGroup group) {
  static constexpr std::array<std::string_view, kConfigGroupCount> kNames = {
      "Listening", "Store", "Limits", "Data", "Logging"};
  return kNames[static_cast<std::size_t>(group)];
}

std::span<const Property> Schema() { return kSchema; }

const Property* FindProperty(std::string_view name) {
  const auto* const found = std::find_if(kSchema.begin(), kSchema.end(),
                                         [name](const Property& p) { return p.name == name; });
  return found == kSchema.end() ? nullptr : found;
}

std::string EnvironmentName(const Property& property) {
  std::string name = "CHAAC_";
  for (const char c : property.name) {
    name += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

bool IsNumber(const Property& property) { return property.max != 0; }

std::string AllowedOf(const Property& property) {
  if (IsNumber(property)) {
    return fmt::format("a whole number from {} to {}", property.min, property.max);
  }
  if (!property.allowed.empty()) return std::string(property.allowed);
  Config config;
  const ConfigField field = property.field(&config);
  if (std::holds_alternative<LogFormat*>(field)) {
    return fmt::format("one of {}", fmt::join(kFormatNames, ", "));
  }
  if (std::holds_alternative<LogLevel*>(field)) {
    return fmt::format("one of {}", fmt::join(kLevelNames, ", "));
  }
  return "any text";
}

tl::expected<void, std::string> Assign(const Property& property, std::string_view text,
                                       Config* config) {
  const bool stored = std::visit([&](auto* member) { return Store(property, text, member); },
                                 property.field(config));
  if (!stored) return tl::unexpected<std::string>(AllowedOf(property));
  return {};
}

std::string ValueOf(const Property& property, const Config& config) {
  Config copy = config;  // The schema's accessors are for writing, too.
  return std::visit([](const auto* member) { return Show(*member); }, property.field(&copy));
}

std::string ShownValueOf(const Property& property, const Config& config) {
  std::string value = ValueOf(property, config);
  switch (property.secrecy) {
    case Secrecy::kSecret:
      return std::string(value.empty() ? std::string_view() : kHiddenSecret);
    case Secrecy::kUrl:
      return Redacted(ParseEndpoint(value).value_or(Endpoint{}));
    case Secrecy::kPlain:
      break;
  }
  return value;
}

bool IsHidden(const Property& property, const Config& config) {
  return ShownValueOf(property, config) != PublicValueOf(property, config);
}

std::string PublicValueOf(const Property& property, const Config& config) {
  std::string value = ValueOf(property, config);
  if (property.secrecy == Secrecy::kPlain) return value;
  if (property.secrecy == Secrecy::kSecret) return "";
  Endpoint endpoint = ParseEndpoint(value).value_or(Endpoint{});
  endpoint.password.clear();
  return Redacted(endpoint);
}

}  // namespace chaac
