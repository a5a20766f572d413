// Control: the thread "control", which does all that is not on the way of a report: it reads the
// snapshots that all readers share, answers what is read on demand, watches the store's settings
// and its outages, and serves the admin port. The public functions are for the thread that made it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "app/outage_log.h"
#include "app/settings_watch.h"
#include "base/event_loop.h"
#include "http/api.h"
#include "http/readiness.h"
#include "http/server.h"
#include "query/query_service.h"
#include "query/snapshot_reader.h"

namespace chaac {

// Written by the control thread, read by any.
struct ControlMetrics {
  HttpMetrics http;
  RouteMetrics routes;
  LinkMetrics link;  // Of snapshots.
  QueryMetrics queries;
  LinkMetrics queries_link;
  SettingsMetrics settings;
  LinkMetrics settings_link;
};

// The admin port's own limits, so that its clients can never starve those of the public port.
inline constexpr std::size_t kAdminConnectionsMax = 128;  // Probes, scrapers and a few people.
inline constexpr std::size_t kAdminBodyBytesMax = 1024;   // No route of it reads a body.

// The public port's limits with these in their place.
[[nodiscard]] HttpLimits AdminLimits(HttpLimits limits);

struct ControlSettings {
  ListenAddress address;
  HttpLimits http;
  StoreOptions store;
  SnapshotOptions snapshot;
  SettingsWatchOptions settings;
  const Link::Environment* link = nullptr;
  SnapshotBoard* board = nullptr;
  const Readiness* readiness = nullptr;
  // Reports that were refused, or whose outcome is unknown, for want of the store since the start.
  std::function<std::uint64_t()> reports_refused;
};

class Control {
 public:
  // Binds the admin port (throws std::system_error); serves from Start() on. What `settings` points
  // to outlives this.
  Control(const ControlSettings& settings, std::function<std::string()> metrics_page);
  ~Control();  // Stops the thread.
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  void Start();

  [[nodiscard]] const ControlMetrics& metrics() const { return metrics_; }
  // For all loops, which end before this.
  [[nodiscard]] QueryService* queries() { return &queries_; }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

 private:
  void TellOfOutages();
  void TellOfLink(std::string_view name, const LinkMetrics& link, OutageLog* log);

  ControlMetrics metrics_;
  const Readiness* readiness_;
  const std::function<std::uint64_t()> reports_refused_;
  EventLoop loop_;
  OutageLog outage_log_;
  OutageLog queries_log_;
  OutageLog settings_log_;
  std::uint64_t refused_before_outage_ = 0;
  std::string store_address_;  // As told last.
  SnapshotReader snapshots_;
  QueryService queries_;
  SettingsWatch settings_;
  Responder responder_;
  ReadEndpoints reads_;
  AdminApi api_;
  HttpServer server_;
  std::thread thread_;
};

}  // namespace chaac
