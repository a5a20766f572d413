// Snapshots, reads on demand, and the admin port.
#include "app/control.h"

#include <pthread.h>

#include <utility>

namespace chaac {

HttpLimits AdminLimits(HttpLimits limits) {
  limits.connections_max = kAdminConnectionsMax;
  limits.body_bytes_max = kAdminBodyBytesMax;
  return limits;
}

Control::Control(const ControlSettings& settings, std::function<std::string()> metrics_page)
    : snapshots_(&loop_, settings.link, settings.store, settings.snapshot, settings.board,
                 &metrics_.link),
      queries_(&loop_, settings.link, {}, settings.store.series_ttl, settings.board,
               &metrics_.queries, &metrics_.queries_link),
      responder_(&loop_, &metrics_.routes),
      reads_(&loop_, settings.board, settings.readiness, &responder_),
      api_(std::move(metrics_page), &reads_, &responder_),
      server_(&loop_, settings.address, settings.http, &api_, &metrics_.http) {
  responder_.Attach(&server_);
  loop_.OnTick([this] {
    snapshots_.OnTick();
    queries_.OnTick();
  });
}

Control::~Control() {
  loop_.Stop();
  if (thread_.joinable()) thread_.join();
}

void Control::Start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "control");
    loop_.Run();
  });
}

}  // namespace chaac
