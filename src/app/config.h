// Config: everything about a server that may be chosen, from four sources in falling order: flags,
// environment, file (--config), defaults. The schema (config_schema.cc) holds one row a setting;
// defaults are those of the members below, which are mostly the modules' own option structs.
// Plain values; the functions here belong to start-up, throw ConfigError, and run on one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "http/limits.h"
#include "http/server.h"
#include "http/stream_endpoint.h"
#include "ingest/ingest.h"
#include "report/conditions.h"
#include "report/decoder.h"
#include "store/endpoint.h"
#include "store/options.h"
#include "store/sentinel.h"

namespace chaac {

// How to reach Valkey, as it was given.
struct ValkeyConfig {
  std::string url = "valkey://127.0.0.1:6379";
  std::string username;         // Both replace what the URL says.
  std::string password;         //
  std::string password_file;    // Its contents go to Config::endpoint alone, never to `password`.
  std::string ca_file;          // TLS: whom to trust; empty: the system's certificates.
  std::string tls_server_name;  // TLS: the name the certificate must have; empty: the URL's host.
  std::string sentinels;        // "host:port,…"; empty: the URL says where the store is.
  std::string sentinel_master = "mymaster";
  std::string sentinel_username;
  std::string sentinel_password;
  std::string sentinel_password_file;  // Its contents go to Config::sentinels alone.
};

// What must have a report before it is acknowledged, as it was given.
struct AckConfig {
  std::string level = "primary";  // Or "replica".
  std::uint32_t replicas = 1;     // For "replica"; IngestLimits::ack_replicas is what counts.
};

struct Config {
  ListenAddress listen{.port = 8081};
  ListenAddress admin{.port = 9081};
  std::size_t loops = 0;                            // 0: half the cores, at least one.
  std::chrono::milliseconds drain_delay{0};         // Between "not ready" and closing the doors.
  std::chrono::milliseconds drain_timeout{10'000};  // Then, for requests under way to finish.

  ValkeyConfig valkey;
  std::chrono::seconds store_check_interval{60};  // Between two looks at the store's settings.
  AckConfig ack;
  Endpoint endpoint;    // What `valkey` says, parsed; username and password filled in.
  Sentinels sentinels;  // Likewise.

  HttpLimits http;  // connections_max and buffered_bytes_max are the whole process's.
  DecoderLimits decoder;
  IngestLimits ingest;  // queue_reports_max is the whole process's.
  StreamLimits stream;
  StoreOptions store{.conditions = Conditions::DefaultSlugs()};

  std::string municipalities = "builtin";  // Or "open", or the path of a catalogue.
  std::string notice;                      // Shown with every snapshot.
  LogOptions log;
};

// Why the configuration cannot be used: one sentence that names the flag, variable or file line,
// the value, and what is allowed. The process ends with kExitUsage.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
inline constexpr int kExitUsage = 2;

using Environment = std::map<std::string, std::string, std::less<>>;
Environment ProcessEnvironment();

enum class Command : std::uint8_t {
  kServe,   // Run the server.
  kLoad,    // Put the function library into the store.
  kHealth,  // Ask a running server: its liveness, or with --ready its readiness.
  kPrint,   // Write Invocation::text to standard output and end: help, version, `chaac config`.
};

// What the command line asks for.
struct Invocation {
  Command command = Command::kPrint;
  Config config;                      // For all but kPrint.
  bool health_ready = false;          // For kHealth: ask for readiness.
  std::string text;                   // For kPrint.
  std::vector<std::string> warnings;  // Sentences to log: likely slips that change nothing.
};

// Throws ConfigError. `version` is Chaac's own, for --version and the logs.
Invocation ParseInvocation(int argc, const char* const* argv, const Environment& environment,
                           std::string_view version);

}  // namespace chaac
