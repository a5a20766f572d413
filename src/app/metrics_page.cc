// The names, help texts and units of every metric, in one place.
#include "app/metrics_page.h"

#include <fmt/format.h>

#include "app/process_metrics.h"
#include "app/prometheus.h"
#include "base/version.h"

namespace chaac {
namespace {

// Samples of one family are added together, so each of these walks over all threads for one
// subject.

template <typename Pick>
std::uint64_t SumOf(const std::vector<const LoopMetrics*>& loops, Pick pick) {
  std::uint64_t sum = 0;
  for (const LoopMetrics* loop : loops) sum += static_cast<std::uint64_t>(pick(*loop).Value());
  return sum;
}

template <typename Pick>
HistogramSum HistogramOf(const std::vector<const LoopMetrics*>& loops, Pick pick) {
  HistogramSum sum;
  for (const LoopMetrics* loop : loops) sum.Add(pick(*loop));
  return sum;
}

// Requests answered with `status` before any route saw them.
std::uint64_t RefusedWith(int status, const MetricsPageSources& sources) {
  std::uint64_t refused = 0;
  for (std::size_t code = 0; code < kErrorCodeCount; ++code) {
    if (TraitsOf(static_cast<ErrorCode>(code)).http_status != status) continue;
    refused += sources.control->http.refused[code].Value();
    refused += SumOf(
        sources.loops, [code](const LoopMetrics& m) -> auto& { return m.http.refused[code]; });
  }
  return refused;
}

void AddRequests(const MetricsPageSources& sources, PrometheusPage* page) {
  std::vector<const RouteMetrics*> all;
  for (const LoopMetrics* loop : sources.loops) all.push_back(&loop->routes);
  all.push_back(&sources.control->routes);
  for (std::size_t r = 0; r < kRouteCount; ++r) {
    const auto route = static_cast<Route>(r);
    HistogramSum duration;
    for (const RouteMetrics* metrics : all) duration.Add(metrics->DurationUs(route));
    for (std::size_t s = 0; s < RouteMetrics::kStatuses.size(); ++s) {
      std::uint64_t answers = 0;
      for (const RouteMetrics* metrics : all) answers += metrics->Answers(route, s).Value();
      const int status = RouteMetrics::kStatuses[s];
      if (route == Route::kOther) answers += RefusedWith(status, sources);
      if (answers == 0) continue;
      page->AddCounter("chaac_http_requests_total", "Requests answered, by route and status.",
                       answers,
                       {{"route", std::string(PathOf(route))},
                        {"status", status == 0 ? "other" : std::to_string(status)}});
    }
    page->AddHistogram("chaac_http_request_duration_seconds",
                       "From a request's arrival to its answer, by route; without those refused "
                       "before any route saw them.",
                       duration, HistogramUnit::kMicroseconds,
                       {{"route", std::string(PathOf(route))}});
  }
}

void AddConnections(const MetricsPageSources& sources, PrometheusPage* page) {
  std::vector<std::pair<std::string, const HttpMetrics*>> doors;
  doors.emplace_back("admin", &sources.control->http);
  for (std::size_t i = 0; i < sources.loops.size(); ++i) {
    doors.emplace_back(fmt::format("loop-{}", i), &sources.loops[i]->http);
  }
  for (const auto& [name, http] : doors) {
    const PrometheusPage::Labels labels = {{"listener", name}};
    page->AddGauge("chaac_http_connections_open", "Client connections now open.",
                   static_cast<double>(http->connections_open.Value()), labels);
    page->AddCounter("chaac_http_connections_accepted_total", "Client connections accepted.",
                     http->connections_accepted.Value(), labels);
    page->AddCounter("chaac_http_connections_refused_total",
                     "Client connections closed at once: over the limit, or no descriptor left.",
                     http->connections_refused.Value(), labels);
    page->AddCounter("chaac_http_timeouts_total",
                     "Connections closed because a request or an answer took too long.",
                     http->timeouts.Value(), labels);
    page->AddCounter("chaac_http_received_bytes_total", "Bytes received from clients.",
                     http->bytes_received.Value(), labels);
    page->AddCounter("chaac_http_sent_bytes_total", "Bytes sent to clients.",
                     http->bytes_sent.Value(), labels);
    for (std::size_t code = 0; code < kErrorCodeCount; ++code) {
      const std::uint64_t refused = http->refused[code].Value();
      if (refused == 0) continue;
      page->AddCounter("chaac_http_refused_total",
                       "Requests refused before any route saw them, by reason.", refused,
                       {{"listener", name},
                        {"reason", std::string(TraitsOf(static_cast<ErrorCode>(code)).type)}});
    }
  }
}

void AddReports(const MetricsPageSources& sources, PrometheusPage* page) {
  const auto& loops = sources.loops;
  page->AddCounter("chaac_reports_accepted_total", "Reports committed for the first time.",
                   SumOf(
                       loops, [](const LoopMetrics& m) -> auto& { return m.ingest.accepted; }));
  page->AddCounter("chaac_reports_repeated_total",
                   "Reports acknowledged again: their ids were committed before.",
                   SumOf(
                       loops, [](const LoopMetrics& m) -> auto& { return m.ingest.repeated; }));
  for (std::size_t code = 0; code < kErrorCodeCount; ++code) {
    const std::uint64_t rejected = SumOf(
        loops, [code](const LoopMetrics& m) -> auto& { return m.ingest.rejected[code]; });
    page->AddCounter("chaac_reports_rejected_total",
                     "Reports that were not acknowledged, by reason.", rejected,
                     {{"reason", std::string(TraitsOf(static_cast<ErrorCode>(code)).type)}});
  }
  page->AddGauge("chaac_queue_reports", "Reports that wait to be sent to the store.",
                 static_cast<double>(SumOf(
                     loops, [](const LoopMetrics& m) -> auto& { return m.ingest.queue_reports; })));
  page->AddGauge("chaac_queue_reports_max",
                 "How many reports may wait in this process before more are refused.",
                 static_cast<double>(sources.queue_reports_max));
}

void AddBatches(const MetricsPageSources& sources, PrometheusPage* page) {
  const auto& loops = sources.loops;
  page->AddHistogram(
      "chaac_batch_reports", "Reports in a batch sent to the store.",
      HistogramOf(
          loops, [](const LoopMetrics& m) -> auto& { return m.ingest.batch_reports; }),
      HistogramUnit::kPlain);
  page->AddHistogram(
      "chaac_commit_duration_seconds", "From sending a batch to knowing what became of it.",
      HistogramOf(
          loops, [](const LoopMetrics& m) -> auto& { return m.ingest.commit_duration_us; }),
      HistogramUnit::kMicroseconds);
  page->AddGauge("chaac_batches_in_doubt",
                 "Batches whose reply was lost and whose fate is unknown.",
                 static_cast<double>(SumOf(
                     loops, [](const LoopMetrics& m) -> auto& { return m.ingest.in_doubt; })));
  page->AddCounter(
      "chaac_batches_resent_total", "Batches sent again after their reply was lost.",
      SumOf(
          loops, [](const LoopMetrics& m) -> auto& { return m.ingest.writer.resends; }));
  page->AddCounter(
      "chaac_writer_renewals_total", "Batches given up, and sealed anew under another writer id.",
      SumOf(
          loops, [](const LoopMetrics& m) -> auto& { return m.ingest.writer.renewals; }));
  page->AddCounter(
      "chaac_store_lost_batches_total",
      "Acknowledged batches that the store was found to lack: a lost AOF tail, a failover.",
      SumOf(
          loops, [](const LoopMetrics& m) -> auto& { return m.ingest.writer.lost_batches; }));
}

void AddStream(const MetricsPageSources& sources, PrometheusPage* page) {
  const auto& loops = sources.loops;
  page->AddGauge("chaac_stream_listeners", "Open streams of figures.",
                 static_cast<double>(SumOf(
                     loops, [](const LoopMetrics& m) -> auto& { return m.stream.listeners; })));
  page->AddCounter("chaac_stream_events_total", "Events given to listeners.",
                   SumOf(
                       loops, [](const LoopMetrics& m) -> auto& { return m.stream.events; }));
  page->AddCounter("chaac_stream_listeners_dropped_total",
                   "Listeners cut off because they did not read in time.",
                   SumOf(
                       loops, [](const LoopMetrics& m) -> auto& { return m.stream.dropped; }));
}

double UnixSeconds(WallTime time) {
  return static_cast<double>(time.time_since_epoch().count()) / 1000;
}

// As many samples as there are municipalities with reports, which the store bounds: by the
// catalogue, or by --municipalities-max.
void AddMunicipalities(const Snapshot& snapshot, PrometheusPage* page) {
  for (const MunicipalityTotals& m : snapshot.municipalities) {
    page->AddCounter(
        "chaac_store_municipality_reports_total",
        "Reports that the store counts, by municipality. All servers of one store show "
        "the same: take the maximum, not the sum.",
        m.count, {{"municipality", m.slug}});
  }
  for (const MunicipalityTotals& m : snapshot.municipalities) {
    if (!m.last_report_at) continue;
    page->AddGauge("chaac_store_municipality_last_report_timestamp_seconds",
                   "When the newest report of the municipality arrived, Unix time.",
                   UnixSeconds(*m.last_report_at), {{"municipality", m.slug}});
  }
}

void AddReplication(const MetricsPageSources& sources, PrometheusPage* page) {
  page->AddCounter(
      "chaac_ack_shortfalls_total",
      "Times that fewer replicas than --ack-replicas confirmed a batch; it was not acknowledged.",
      SumOf(
          sources.loops,
          [](const LoopMetrics& m) -> auto& { return m.ingest.writer.ack_shortfalls; }));
  std::uint64_t failures = sources.control->link.sentinel_failures.Value();
  failures += SumOf(
      sources.loops, [](const LoopMetrics& m) -> auto& { return m.link.sentinel_failures; });
  page->AddCounter("chaac_sentinel_failures_total",
                   "Times that a Sentinel did not say where the primary is.", failures);
}

void AddStore(const MetricsPageSources& sources, PrometheusPage* page) {
  std::vector<std::pair<std::string, const LinkMetrics*>> links;
  links.emplace_back("snapshots", &sources.control->link);
  links.emplace_back("queries", &sources.control->queries_link);
  links.emplace_back("settings", &sources.control->settings_link);
  for (std::size_t i = 0; i < sources.loops.size(); ++i) {
    links.emplace_back(fmt::format("loop-{}", i), &sources.loops[i]->link);
  }
  for (const auto& [name, link] : links) {
    const PrometheusPage::Labels labels = {{"connection", name}};
    page->AddGauge("chaac_store_up", "1 while this connection to the store can be used.",
                   static_cast<double>(link->up.Value()), labels);
    page->AddCounter("chaac_store_connects_total", "Connections to the store that became usable.",
                     link->connects.Value(), labels);
    page->AddCounter("chaac_store_failures_total",
                     "Connections to the store that failed or were lost.", link->failures.Value(),
                     labels);
  }
  const std::shared_ptr<const Snapshot> snapshot = sources.board->Newest();
  if (snapshot == nullptr) return;
  page->AddGauge("chaac_store_reports", "Reports that the store counts, over all municipalities.",
                 static_cast<double>(snapshot->total_processed));
  page->AddGauge("chaac_snapshot_timestamp_seconds",
                 "When the newest snapshot was read, Unix time.", UnixSeconds(snapshot->taken_at));
  AddMunicipalities(*snapshot, page);
}

// What the store does not tell has no sample.
void AddSettings(const SettingsMetrics& settings, PrometheusPage* page) {
  for (std::size_t i = 0; i < kStoreSettingCount; ++i) {
    const std::int64_t unsafe = settings.unsafe[i].Value();
    if (unsafe == SettingsMetrics::kUnknown) continue;
    page->AddGauge("chaac_store_setting_unsafe",
                   "1 while this setting of the store puts acknowledged reports at risk.",
                   static_cast<double>(unsafe),
                   {{"setting", std::string(NameOf(static_cast<StoreSetting>(i)))}});
  }
}

void AddQueries(const QueryMetrics& queries, PrometheusPage* page) {
  page->AddCounter("chaac_query_reads_total",
                   "Queries for history or recent reports that were put to the store.",
                   queries.reads.Value());
  page->AddCounter("chaac_query_coalesced_total",
                   "Queries answered from the read of an equal one, under way or a second old.",
                   queries.coalesced.Value());
  page->AddCounter("chaac_query_refused_total",
                   "Queries refused because too many different reads waited.",
                   queries.refused.Value());
  page->AddCounter("chaac_query_timeouts_total",
                   "Reads given up because the store did not answer in time.",
                   queries.timeouts.Value());
  page->AddCounter("chaac_query_failures_total",
                   "Reads that failed: no connection to the store, or an error of it.",
                   queries.failures.Value());
  page->AddGauge("chaac_query_reads_waiting", "Reads that wait for the store.",
                 static_cast<double>(queries.waiting.Value()));
  HistogramSum durations;
  durations.Add(queries.duration_us);
  page->AddHistogram("chaac_query_duration_seconds", "From a query to its answer.", durations,
                     HistogramUnit::kMicroseconds);
}

}  // namespace

std::uint64_t ReportsRefusedWithoutStore(const MetricsPageSources& sources) {
  std::uint64_t refused = 0;
  for (const LoopMetrics* loop : sources.loops) {
    for (const ErrorCode code : {ErrorCode::kNotCommitted, ErrorCode::kOutcomeUnknown}) {
      refused += loop->ingest.rejected[static_cast<std::size_t>(code)].Value();
    }
  }
  return refused;
}

std::string MetricsPage(const MetricsPageSources& sources) {
  PrometheusPage page;
  page.AddGauge("chaac_build_info", "1, with the version of this build.", 1,
                {{"version", std::string(kVersion)}});
  page.AddGauge("chaac_ready",
                "1 while this server should be given traffic: it reaches the store, has read the "
                "figures, and is not stopping.",
                sources.readiness->Ready() ? 1 : 0);
  AddRequests(sources, &page);
  AddConnections(sources, &page);
  AddReports(sources, &page);
  AddBatches(sources, &page);
  AddStream(sources, &page);
  AddReplication(sources, &page);
  AddStore(sources, &page);
  AddSettings(sources.control->settings, &page);
  AddQueries(sources.control->queries, &page);
  AddProcess(sources.started_at, &page);
  return page.Text();
}

}  // namespace chaac
