// The process, wired in data-flow order; destroyed bottom up.
#include "app/serve.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "app/control.h"
#include "app/loop.h"
#include "app/metrics_page.h"
#include "base/log.h"
#include "base/version.h"
#include "http/listener.h"
#include "store/preflight.h"

namespace chaac {
namespace {

// Descriptors beyond the connections' of both ports.
constexpr std::size_t kLoopDescriptors = 8;    // Of each: epoll, listening, spare, store, wake-up.
constexpr std::size_t kOtherDescriptors = 64;  // Control's, name look-ups, logs, libraries.
constexpr std::chrono::milliseconds kPreflightTimeout{2'000};

std::uint32_t LoopCount(const Config& config) {
  if (config.loops != 0) return static_cast<std::uint32_t>(config.loops);
  return std::max(1U, std::thread::hardware_concurrency() / 2);
}

// Raises the descriptor limit as far as the system lets us. Too low a limit is no error:
// connections beyond it are refused, and said so here.
void RaiseDescriptorLimit(const Config& config) {
  const rlim_t wanted = config.http.connections_max + kAdminConnectionsMax +
                        kLoopDescriptors * LoopCount(config) + kOtherDescriptors;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < wanted) {
    LogWarning("fewer descriptors than --connections-max needs: raise the limit (ulimit -n)",
               {{"chaac.descriptors", limit.rlim_cur}, {"chaac.descriptors_wanted", wanted}});
  }
}

std::optional<Catalogue> LoadCatalogue(const std::string& municipalities) try {
  if (municipalities == "open") return std::nullopt;
  return municipalities == "builtin" ? Catalogue::BuiltIn() : Catalogue::FromFile(municipalities);
} catch (const std::invalid_argument& error) {
  throw ConfigError(fmt::format("--municipalities takes builtin, open, or a readable catalogue: {}",
                                error.what()));
}

std::optional<TlsContext> MakeTls(const Config& config) {
  if (config.endpoint.kind != Endpoint::Kind::kTls) return std::nullopt;
  return std::optional<TlsContext>(std::in_place, config.valkey.ca_file,
                                   config.valkey.tls_server_name);
}

PreflightResult CheckedStore(const Config& config, const TlsContext* tls) {
  return Preflight({.endpoint = config.endpoint,
                    .sentinels = config.sentinels,
                    .waits = config.ingest.ack_replicas > 0},
                   tls, kPreflightTimeout);
}

// A store that may not hold our data ends the start; one that is not there yet does not.
void CheckStore(const Config& config, const TlsContext* tls) {
  const PreflightResult result = CheckedStore(config, tls);
  if (result.status == PreflightResult::Status::kIncompatible) {
    throw std::runtime_error(result.address + ": " + result.error);
  }
  if (result.status == PreflightResult::Status::kUnreachable) {
    LogWarning("store out of reach, retrying",
               {{"server.address", result.address}, {"error.message", result.error}});
  }
}

// A catalogue bounds the municipalities by itself.
StoreOptions MakeStoreOptions(const Config& config, const std::optional<Catalogue>& catalogue) {
  StoreOptions options = config.store;
  if (catalogue) {
    options.municipalities_max = std::max(options.municipalities_max,
                                          static_cast<std::uint32_t>(catalogue->entries().size()));
  }
  return options;
}

LoopSettings MakeLoopSettings(const Config& config, const StoreOptions& store) {
  LoopSettings settings;
  settings.loop_count = LoopCount(config);
  settings.address = config.listen;
  settings.http = config.http;
  settings.decoder = config.decoder;
  settings.ingest = config.ingest;
  settings.store = store;
  // Limits of the process, shared out.
  settings.http.connections_max =
      std::max<std::size_t>(1, config.http.connections_max / settings.loop_count);
  settings.http.buffered_bytes_max =  // A request that is alone must never be refused.
      std::max(config.http.buffered_bytes_max / settings.loop_count,
               2 * (config.http.head_bytes_max + config.http.body_bytes_max));
  settings.ingest.queue_reports_max =
      std::max<std::size_t>(1, config.ingest.queue_reports_max / settings.loop_count);
  settings.ingest.ids_block =
      std::max(config.ingest.ids_block, static_cast<std::uint32_t>(config.decoder.rows_max));
  return settings;
}

// Several loops share a port through SO_REUSEPORT, which would let a second server share it too:
// binding it alone first finds that out. Port 0 is chosen once for all.
std::vector<std::unique_ptr<Loop>> MakeLoops(LoopSettings* settings) {
  if (settings->loop_count > 1) {
    EventLoop unused;
    const Listener probe(&unused, settings->address, {});
    settings->address.reuse_port = true;
  }
  std::vector<std::unique_ptr<Loop>> loops;
  for (std::uint32_t i = 0; i < settings->loop_count; ++i) {
    loops.push_back(std::make_unique<Loop>(i, settings));
    settings->address.port = loops.front()->port();
  }
  return loops;
}

void Drain(const Config& config, const StopSignals& stop_signals, Readiness* readiness,
           const std::vector<std::unique_ptr<Loop>>& loops) {
  readiness->SetDraining();  // /ready answers 503, so that no new traffic is routed here.
  for (const auto& loop : loops) loop->AnnounceClose();
  LogInfo("draining", {{"chaac.drain_delay_ms", config.drain_delay.count()}});
  if (config.drain_delay.count() > 0 && stop_signals.WaitFor(config.drain_delay)) {
    LogInfo("a second signal: the drain delay is cut short");
  }
  const MonotonicTime deadline = std::chrono::steady_clock::now() + config.drain_timeout;
  for (const auto& loop : loops) loop->Drain(deadline);
}

}  // namespace

int LoadLibrary(const Config& config) {
  const std::optional<TlsContext> tls = MakeTls(config);
  const PreflightResult result = CheckedStore(config, tls ? &*tls : nullptr);
  if (result.status != PreflightResult::Status::kReady) {
    std::fprintf(stderr, "chaac: %s: %s\n", result.address.c_str(), result.error.c_str());
    return EXIT_FAILURE;
  }
  std::printf("%s has the function library\n", result.address.c_str());
  return EXIT_SUCCESS;
}

int Serve(const Config& config, std::span<const WebAsset> assets, const StopSignals& stop_signals) {
  RaiseDescriptorLimit(config);
  const Conditions conditions(config.store.conditions);
  const std::optional<Catalogue> catalogue = LoadCatalogue(config.municipalities);
  const std::optional<TlsContext> tls = MakeTls(config);
  const TlsContext* tls_or_null = tls ? &*tls : nullptr;
  CheckStore(config, tls_or_null);

  Resolver resolver;  // Thread "resolver".
  const Link::Environment link{.endpoint = config.endpoint,
                               .tls = tls_or_null,
                               .resolver = &resolver,
                               .sentinels = config.sentinels,
                               .waits = config.ingest.ack_replicas > 0};
  SnapshotBoard board;
  Readiness readiness(&board);
  ListenerCount listeners(config.stream);

  const StoreOptions store = MakeStoreOptions(config, catalogue);
  LoopSettings settings = MakeLoopSettings(config, store);
  settings.catalogue = catalogue ? &*catalogue : nullptr;
  settings.conditions = &conditions;
  settings.link = &link;
  settings.board = &board;
  settings.readiness = &readiness;
  settings.listeners = &listeners;
  settings.assets = assets;
  MetricsPageSources sources{.board = &board,
                             .readiness = &readiness,
                             .queue_reports_max = config.ingest.queue_reports_max,
                             .started_at = std::chrono::floor<std::chrono::milliseconds>(
                                 std::chrono::system_clock::now())};

  Control control({.address = config.admin,
                   .http = AdminLimits(config.http),
                   .store = store,
                   .snapshot = {.conditions = config.store.conditions,
                                .notice = config.notice,
                                .catalogue = settings.catalogue},
                   .settings = {.interval = config.store_check_interval,
                                .acks_by_replicas = config.ingest.ack_replicas > 0},
                   .link = &link,
                   .board = &board,
                   .readiness = &readiness,
                   .reports_refused = [&sources] { return ReportsRefusedWithoutStore(sources); }},
                  [&sources] { return MetricsPage(sources); });  // Thread "control".
  settings.queries = control.queries();
  const std::vector<std::unique_ptr<Loop>> loops = MakeLoops(&settings);  // Threads "loop-<n>".

  sources.control = &control.metrics();
  readiness.Require(&control.metrics().link);
  for (const auto& loop : loops) {
    sources.loops.push_back(&loop->metrics());
    readiness.Require(&loop->metrics().link);
  }
  control.Start();
  for (const auto& loop : loops) loop->Start();
  LogInfo("serving", {{"url.scheme", "http"},
                      {"server.address", config.listen.host},
                      {"server.port", loops.front()->port()},
                      {"chaac.admin_port", control.port()},
                      {"chaac.loops", loops.size()}});

  const int signal_number = stop_signals.Wait();
  LogInfo("stop signal received", {{"chaac.signal", signal_number}});
  Drain(config, stop_signals, &readiness, loops);
  return EXIT_SUCCESS;  // Bottom up: loops are joined, then control, then the resolver.
}

}  // namespace chaac
