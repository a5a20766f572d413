// Flags over environment over file over defaults, each value checked where it is from.
#include "app/config_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <utility>

#include "app/config_file.h"
#include "app/config_schema.h"
#include "report/edit_distance.h"
#include "report/text.h"
#include "store/transport.h"

namespace chaac {
namespace {

constexpr std::size_t kPasswordBytesMax = 4096;

// A value as it was found, and where.
struct Given {
  std::string text;
  std::string source;
};

struct FileValues {
  std::string path;
  std::vector<ConfigLine> lines;
};

// Kubernetes sets CHAAC_PORT=tcp://10.0.0.7:8081 in every pod beside a Service named "chaac", and
// REDIS_PORT likewise: nobody's choice of a port.
bool IsServiceLink(std::string_view name, std::string_view value) {
  return name.ends_with("PORT") && value.starts_with("tcp://");
}

// An empty variable counts as none: container tools pass "${X:-}" on as that.
std::optional<std::string> Variable(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  if (found == environment.end() || found->second.empty()) return std::nullopt;
  if (IsServiceLink(name, found->second)) return std::nullopt;
  return found->second;
}

// The original deployment's REDIS_HOST and REDIS_PORT, as a URL.
std::optional<Given> RedisVariables(const Environment& environment) {
  const auto host = Variable(environment, "REDIS_HOST");
  const auto port = Variable(environment, "REDIS_PORT");
  if (!host && !port) return std::nullopt;
  std::string authority = host.value_or("127.0.0.1");
  if (authority.find(':') != std::string::npos && !authority.starts_with('[')) {
    authority = fmt::format("[{}]", authority);
  }
  const std::string_view names = !port   ? "environment variable REDIS_HOST"
                                 : !host ? "environment variable REDIS_PORT"
                                         : "environment variables REDIS_HOST and REDIS_PORT";
  return Given{fmt::format("valkey://{}:{}", authority, port.value_or("6379")), std::string(names)};
}

std::optional<Given> FromEnvironment(const Property& property, const Environment& environment) {
  for (const std::string& name :
       {EnvironmentName(property), std::string(property.weaker_variable)}) {
    if (auto value = Variable(environment, name)) {
      return Given{*std::move(value), fmt::format("environment variable {}", name)};
    }
  }
  if (property.name == "valkey-url") return RedisVariables(environment);
  return std::nullopt;
}

std::optional<Given> Find(const Property& property, const Flags& flags,
                          const Environment& environment, const FileValues& file) {
  if (const auto flag = flags.find(property.name); flag != flags.end()) {
    return Given{flag->second, fmt::format("flag --{}", property.name)};
  }
  if (auto given = FromEnvironment(property, environment)) return given;
  const auto line =
      std::find_if(file.lines.begin(), file.lines.end(),
                   [&property](const ConfigLine& l) { return l.name == property.name; });
  if (line == file.lines.end()) return std::nullopt;
  return Given{line->value, fmt::format("{}:{}", file.path, line->number)};
}

// Where a refused value is from, and by which flag help knows it.
std::string Origin(const Property& property, const Given& given) {
  if (given.source.starts_with("flag ")) return given.source;
  return fmt::format("{} (--{})", given.source, property.name);
}

void AssignGiven(const Property& property, const Given& given, Config* config) {
  if (property.secrecy == Secrecy::kUrl) {
    if (const auto endpoint = ParseEndpoint(given.text); !endpoint) {
      throw ConfigError(
          fmt::format("{} cannot be used: {}", Origin(property, given), endpoint.error()));
    }
  }
  if (const auto assigned = Assign(property, given.text, config); !assigned) {
    throw ConfigError(fmt::format("{} is {}; allowed is {}", Origin(property, given),
                                  Quote(given.text), assigned.error()));
  }
}

std::vector<std::string> SettingNames() {
  std::vector<std::string> names;
  for (const Property& property : Schema()) names.emplace_back(property.name);
  return names;
}

FileValues ReadFile(const std::string& path) {
  if (path.empty()) return {};
  const auto text = ReadSmallFile(path, kConfigFileBytesMax);
  if (!text) {
    throw ConfigError(
        fmt::format("the configuration file {} cannot be read: {}", Quote(path), text.error()));
  }
  auto lines = ParseConfigFile(*text);
  if (!lines) throw ConfigError(fmt::format("{}, {}", path, lines.error()));
  for (const ConfigLine& line : *lines) {
    if (FindProperty(line.name) != nullptr) continue;
    throw ConfigError(fmt::format("{}:{}: there is no setting {}.{}", path, line.number, line.name,
                                  Suggestion(line.name, SettingNames())));
  }
  return {path, *std::move(lines)};
}

// CHAAC_ variables that decide nothing, Kubernetes' own left out: most likely slips of the pen.
std::vector<std::string> UnknownVariables(const Environment& environment) {
  std::vector<std::string> known = {"CHAAC_CONFIG"};
  for (const Property& property : Schema()) known.push_back(EnvironmentName(property));
  std::vector<std::string> warnings;
  for (const auto& [name, value] : environment) {
    const bool is_ours = name.starts_with("CHAAC_") && !name.starts_with("CHAAC_SERVICE_") &&
                         !name.starts_with("CHAAC_PORT_");
    if (!is_ours || std::find(known.begin(), known.end(), name) != known.end()) continue;
    warnings.push_back(fmt::format("the environment variable {} is not a setting of Chaac.{}", name,
                                   Suggestion(name, known)));
  }
  return warnings;
}

// A password as two settings give it: --`flag`, or the file that --`flag`-file names.
struct PasswordSource {
  std::string_view flag;
  const std::string& password;
  const std::string& file;
};

// REQUIRES: source.file is given.
std::string ReadPassword(const PasswordSource& source) {
  const std::string flag = fmt::format("--{}", source.flag);
  if (!source.password.empty()) {
    throw ConfigError(fmt::format("{0} and {0}-file are both set; give one of them", flag));
  }
  auto text = ReadSmallFile(source.file, kPasswordBytesMax);
  if (!text) {
    throw ConfigError(
        fmt::format("{}-file {} cannot be read: {}", flag, Quote(source.file), text.error()));
  }
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  if (text->empty()) {
    throw ConfigError(
        fmt::format("{}-file {} is empty; it holds the password", flag, Quote(source.file)));
  }
  return *std::move(text);
}

// `otherwise`: the flag that has given the password so far.
void ResolvePassword(const PasswordSource& source, std::string_view otherwise,
                     std::string* password) {
  std::string flag(otherwise);
  if (!source.file.empty()) {
    flag = fmt::format("{}-file", source.flag);
    *password = ReadPassword(source);
  } else if (!source.password.empty()) {
    flag = source.flag;
    *password = source.password;
  }
  if (*password == kHiddenSecret) {
    throw ConfigError(
        fmt::format("--{} gives the password {}, which is how a hidden one is shown; give the "
                    "password itself",
                    flag, kHiddenSecret));
  }
}

// REQUIRES: valkey.sentinels was accepted before, and is not empty.
void ResolveSentinels(Config* config) {
  const ValkeyConfig& valkey = config->valkey;
  if (config->endpoint.kind == Endpoint::Kind::kUnix) {
    throw ConfigError(
        fmt::format("--valkey-sentinels is {}, but --valkey-url is {}: Sentinels name hosts and "
                    "ports; give a valkey:// or valkeys:// URL",
                    Quote(valkey.sentinels), Redacted(config->endpoint)));
  }
  std::string password;
  ResolvePassword(
      {"valkey-sentinel-password", valkey.sentinel_password, valkey.sentinel_password_file},
      "valkey-sentinel-password", &password);
  config->sentinels.primary = valkey.sentinel_master;
  config->sentinels.addresses = ParseSentinels(valkey.sentinels).value();
  for (Endpoint& sentinel : config->sentinels.addresses) {
    sentinel.kind = config->endpoint.kind;
    sentinel.username = valkey.sentinel_username;
    sentinel.password = password;
  }
}

// The server loads these once more, when it starts; here it is still a setting that is refused.
void CheckCertificates(const ValkeyConfig& valkey) try {
  const TlsContext loaded(valkey.ca_file, valkey.tls_server_name);
} catch (const std::runtime_error& error) {
  throw ConfigError(
      fmt::format("--valkey-ca-file is {}, but {}; allowed is a file of PEM certificates, or empty "
                  "for the system's",
                  Quote(valkey.ca_file), error.what()));
}

// REQUIRES: config->valkey.url was accepted before.
void ResolveEndpoint(Config* config) {
  const ValkeyConfig& valkey = config->valkey;
  config->endpoint = ParseEndpoint(valkey.url).value();
  if (!valkey.username.empty()) config->endpoint.username = valkey.username;
  ResolvePassword({"valkey-password", valkey.password, valkey.password_file}, "valkey-url",
                  &config->endpoint.password);
  const bool is_tls = config->endpoint.kind == Endpoint::Kind::kTls;
  for (const auto& [name, value] : {std::pair{"valkey-ca-file", &valkey.ca_file},
                                    std::pair{"valkey-tls-server-name", &valkey.tls_server_name}}) {
    if (is_tls || value->empty()) continue;
    throw ConfigError(fmt::format(
        "--{} is {}, but --valkey-url is {}, which is not encrypted; give a valkeys:// URL", name,
        Quote(*value), Redacted(config->endpoint)));
  }
  if (!valkey.ca_file.empty()) CheckCertificates(valkey);
  if (!valkey.sentinels.empty()) ResolveSentinels(config);
}

// Of two settings, the first may not be above the second.
struct Relation {
  std::string_view smaller;
  std::string_view larger;
  std::string_view reason;
};
constexpr std::array<Relation, 6> kRelations = {{
    {"target-bytes-max", "head-bytes-max", "the target is a part of the head"},
    {"report-bytes-max", "body-bytes-max", "a report is a part of a body"},
    {"body-bytes-max", "buffered-bytes-max", "a body arrives in that memory"},
    {"rows-max", "queue-reports-max", "a whole batch must find room in the queue"},
    {"batch-reports-max", "queue-reports-max", "a commit is filled from the queue"},
    {"store-reply-timeout-ms", "drain-timeout-ms",
     "the last commit must end before the drain does"},
}};

void CheckRelations(const Config& config) {
  for (const Relation& relation : kRelations) {
    const std::string smaller = ValueOf(*FindProperty(relation.smaller), config);
    const std::string larger = ValueOf(*FindProperty(relation.larger), config);
    if (std::stoll(smaller) <= std::stoll(larger)) continue;
    throw ConfigError(fmt::format("--{} is {}, but --{} is {}: {}; give at most {}",
                                  relation.smaller, smaller, relation.larger, larger,
                                  relation.reason, larger));
  }
  if (config.listen.port != 0 && config.listen.port == config.admin.port) {
    throw ConfigError(fmt::format("--port and --admin-port are both {}; give two different ports",
                                  config.listen.port));
  }
}

}  // namespace

std::string Suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > EditDistance::kWordBytesMax) return "";
  const EditDistance distance(word);
  const std::string* nearest = nullptr;
  std::size_t nearest_distance = word.size() / 3 + 1;  // A third of the letters may be wrong.
  for (const std::string& candidate : candidates) {
    const std::size_t candidate_distance = distance.To(candidate);
    if (candidate_distance > nearest_distance) continue;
    if (nearest != nullptr && candidate_distance == nearest_distance) continue;
    nearest = &candidate;
    nearest_distance = candidate_distance;
  }
  return nearest == nullptr ? "" : fmt::format(" Did you mean {}?", *nearest);
}

LoadedConfig LoadConfig(const Flags& flags, const Environment& environment,
                        const std::string& file) {
  const std::string path = file.empty() ? Variable(environment, "CHAAC_CONFIG").value_or("") : file;
  const FileValues file_values = ReadFile(path);
  LoadedConfig loaded;
  for (const Property& property : Schema()) {
    const auto given = Find(property, flags, environment, file_values);
    if (!given) continue;
    AssignGiven(property, *given, &loaded.config);
    loaded.sources.emplace(property.name, given->source);
  }
  ResolveEndpoint(&loaded.config);
  if (loaded.config.ack.level == "replica") {
    loaded.config.ingest.ack_replicas = loaded.config.ack.replicas;
  }
  CheckRelations(loaded.config);
  loaded.warnings = UnknownVariables(environment);
  return loaded;
}

}  // namespace chaac
