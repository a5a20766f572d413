// Loop: one event loop with all that is its own: listening socket, connections, decoder, open
// batch, and connection to the store. Loops share nothing that is written on the way of a report.
// Thread "loop-<n>"; the public functions are for the thread that made it.
#pragma once

#include <optional>
#include <span>
#include <thread>

#include "app/config.h"
#include "base/event_loop.h"
#include "http/api.h"
#include "http/page_endpoint.h"
#include "http/readiness.h"
#include "http/server.h"
#include "http/stream_endpoint.h"
#include "ingest/ingest.h"
#include "query/municipality_finder.h"
#include "query/query_asker.h"
#include "query/query_service.h"
#include "query/snapshot.h"
#include "report/catalogue.h"
#include "report/decoder.h"
#include "store/link.h"
#include "store/options.h"

namespace chaac {

// Written by the loop's thread, read by any.
struct LoopMetrics {
  HttpMetrics http;
  RouteMetrics routes;
  IngestMetrics ingest;
  StreamMetrics stream;
  LinkMetrics link;
};

// What all loops are made from; outlives them.
struct LoopSettings {
  std::uint32_t loop_count = 1;
  ListenAddress address;
  HttpLimits http;
  DecoderLimits decoder;
  IngestLimits ingest;
  StoreOptions store;
  const Catalogue* catalogue = nullptr;  // Null: open mode.
  const Conditions* conditions = nullptr;
  const Link::Environment* link = nullptr;
  const SnapshotBoard* board = nullptr;
  QueryService* queries = nullptr;
  const Readiness* readiness = nullptr;
  ListenerCount* listeners = nullptr;
  std::span<const WebAsset> assets;  // Of the page.
};

class Loop final : private LinkListener {
 public:
  // Binds its port (throws std::system_error); serves from Start() on.
  Loop(std::uint32_t number, const LoopSettings* settings);
  ~Loop();  // Waits for the thread: till it has drained, or without Drain() for a round at most.
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void Start();

  // From now on every answer asks its client to leave.
  void AnnounceClose();
  // Takes no more connections, answers what is under way, then stops; at `deadline` at the latest.
  void Drain(MonotonicTime deadline);

  [[nodiscard]] const LoopMetrics& metrics() const { return metrics_; }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

 private:
  void Run();
  void OnTick();
  void AtRoundEnd();
  void OnLinkUp() override;
  void OnLinkDown() override;
  void OnLinkReply(const redisReply& reply) override;

  const std::uint32_t number_;
  LoopMetrics metrics_;
  EventLoop loop_;
  Municipalities municipalities_;
  Decoder decoder_;
  Responder responder_;
  WeatherEndpoint weather_;
  ReadEndpoints reads_;
  MunicipalityFinder finder_;
  QueryAsker asker_;
  QueryEndpoints queries_;
  ExportEndpoint exports_;
  StreamEndpoint stream_;
  PageEndpoint page_;
  Api api_;
  Ingest ingest_;
  Link link_;
  std::optional<HttpServer> server_;  // Made last: its hook comes after ours.
  bool draining_ = false;
  MonotonicTime drain_deadline_{};
  bool drain_asked_ = false;  // Of the thread that made it; the loop's own is draining_.
  std::thread thread_;
};

}  // namespace chaac
