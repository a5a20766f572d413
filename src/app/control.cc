// Snapshots, reads on demand, and the admin port.
#include "app/control.h"

#include <pthread.h>

#include <chrono>
#include <utility>

#include "base/log.h"

namespace chaac {

HttpLimits AdminLimits(HttpLimits limits) {
  limits.connections_max = kAdminConnectionsMax;
  limits.body_bytes_max = kAdminBodyBytesMax;
  return limits;
}

Control::Control(const ControlSettings& settings, std::function<std::string()> metrics_page)
    : readiness_(settings.readiness),
      reports_refused_(settings.reports_refused),
      outage_log_(loop_.Now()),
      queries_log_(loop_.Now()),
      settings_log_(loop_.Now()),
      snapshots_(&loop_, settings.link, settings.store, settings.snapshot, settings.board,
                 &metrics_.link),
      queries_(&loop_, settings.link, {}, settings.store.series_ttl, settings.board,
               &metrics_.queries, &metrics_.queries_link),
      settings_(&loop_, settings.link, settings.settings, &metrics_.settings,
                &metrics_.settings_link),
      responder_(&loop_, &metrics_.routes),
      reads_(&loop_, settings.board, settings.readiness, &responder_),
      api_(std::move(metrics_page), &reads_, &responder_),
      server_(&loop_, settings.address, settings.http, &api_, &metrics_.http) {
  responder_.Attach(&server_);
  loop_.OnTick([this] {
    snapshots_.OnTick();
    queries_.OnTick();
    settings_.OnTick();
    TellOfOutages();
  });
}

Control::~Control() {
  loop_.Stop();
  if (thread_.joinable()) thread_.join();
}

void Control::TellOfOutages() {
  const bool is_up = readiness_->StoreIsUp();
  const OutageLog::Event event = outage_log_.OnTick(is_up, loop_.Now());
  const LinkStatus::Value status = readiness_->StoreStatus();
  if (is_up && status.address != store_address_) {
    if (!store_address_.empty()) {
      LogInfo("the store is at another address",
              {{"server.address", status.address}, {"chaac.address_before", store_address_}});
    }
    store_address_ = status.address;
  }
  const std::uint64_t refused = reports_refused_();
  const double seconds = std::chrono::duration<double>(outage_log_.Lasted(loop_.Now())).count();
  switch (event) {
    case OutageLog::Event::kNone:
      return;
    case OutageLog::Event::kConnected:
      LogInfo("store connected", {{"server.address", status.address}, {"chaac.outage_s", seconds}});
      return;
    case OutageLog::Event::kBegan:
      refused_before_outage_ = refused;
      LogWarning("store out of reach, retrying",
                 {{"server.address", status.address}, {"error.message", status.error}});
      return;
    case OutageLog::Event::kLasts:
      LogWarning("store still out of reach",
                 {{"server.address", status.address},
                  {"error.message", status.error},
                  {"chaac.outage_s", seconds},
                  {"chaac.reports_refused", refused - refused_before_outage_}});
      return;
    case OutageLog::Event::kEnded:
      LogInfo("store connected again",
              {{"server.address", status.address},
               {"chaac.outage_s", seconds},
               {"chaac.reports_refused", refused - refused_before_outage_}});
      return;
  }
}

// One whose loss leaves the server ready.
void Control::TellOfLink(std::string_view name, const LinkMetrics& link, OutageLog* log) {
  const OutageLog::Event event = log->OnTick(link.up.Value() == 1, loop_.Now());
  if (event != OutageLog::Event::kBegan && event != OutageLog::Event::kLasts) return;
  const LinkStatus::Value status = link.status.Get();
  LogWarning("one connection to the store cannot be made", {{"chaac.connection", name},
                                                            {"server.address", status.address},
                                                            {"error.message", status.error}});
}

void Control::Start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "control");
    loop_.Run();
  });
}

}  // namespace chaac
