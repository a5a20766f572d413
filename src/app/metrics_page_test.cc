// What the page makes of the counters. Names and forms are tested end to end.
#include "app/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace chaac {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsPageTest, RefusalsBeforeAnyRouteAreRequestsToo) {
  SnapshotBoard board;
  const Readiness readiness(&board);
  ControlMetrics control;
  LoopMetrics first;
  LoopMetrics second;
  const auto refuse = [](HttpMetrics* http, ErrorCode code) {
    http->refused[static_cast<std::size_t>(code)].Add();
  };
  refuse(&first.http, ErrorCode::kMalformedHttp);
  refuse(&second.http, ErrorCode::kMalformedHttp);
  refuse(&control.http, ErrorCode::kMalformedHttp);
  refuse(&first.http, ErrorCode::kServerBusy);
  second.routes.Count(Route::kOther, 404, {});
  second.routes.Count(Route::kOther, 400, {});
  const std::string page = MetricsPage(
      {.loops = {&first, &second}, .control = &control, .board = &board, .readiness = &readiness});
  EXPECT_THAT(page, HasSubstr("chaac_http_requests_total{route=\"other\",status=\"400\"} 4\n"));
  EXPECT_THAT(page, HasSubstr("chaac_http_requests_total{route=\"other\",status=\"404\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("chaac_http_requests_total{route=\"other\",status=\"503\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("{listener=\"loop-0\",reason=\"malformed-http\"} 1\n"));
  EXPECT_THAT(page, Not(HasSubstr("status=\"other\"")));
}

TEST(MetricsPageTest, MunicipalitiesWithReportsAreShownFromTheNewestSnapshot) {
  SnapshotBoard board;
  const Readiness readiness(&board);
  ControlMetrics control;
  const auto page = [&] {
    return MetricsPage(
        {.loops = {}, .control = &control, .board = &board, .readiness = &readiness});
  };
  EXPECT_THAT(page(), Not(HasSubstr("chaac_store_municipality")));
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->municipalities.resize(2);
  snapshot->municipalities[0].slug = "chinautla";
  snapshot->municipalities[0].count = 7;
  snapshot->municipalities[0].last_report_at =
      WallTime(std::chrono::milliseconds(1'795'600'000'250));
  snapshot->municipalities[1].slug = "mixco";
  snapshot->municipalities[1].count = 1;  // When is not known.
  board.Publish(snapshot);
  EXPECT_THAT(page(),
              HasSubstr("chaac_store_municipality_reports_total{municipality=\"chinautla\"} 7\n"
                        "chaac_store_municipality_reports_total{municipality=\"mixco\"} 1\n"));
  EXPECT_THAT(page(), HasSubstr("chaac_store_municipality_last_report_timestamp_seconds{"
                                "municipality=\"chinautla\"} 1795600000.25"));
  EXPECT_THAT(page(), Not(HasSubstr("last_report_timestamp_seconds{municipality=\"mixco\"}")));
}

TEST(MetricsPageTest, AServerIsReadyWhileItReachesTheStoreAndIsNotStopping) {
  SnapshotBoard board;
  Readiness readiness(&board);
  ControlMetrics control;
  readiness.Require(&control.link);
  const auto page = [&] {
    return MetricsPage(
        {.loops = {}, .control = &control, .board = &board, .readiness = &readiness});
  };
  EXPECT_THAT(page(), HasSubstr("chaac_ready 0\n"));
  control.link.up.Set(1);
  EXPECT_THAT(page(), HasSubstr("chaac_ready 0\n"));  // The figures are not read yet.
  board.Publish(std::make_shared<Snapshot>());
  EXPECT_THAT(page(), HasSubstr("chaac_ready 1\n"));
  readiness.SetDraining();
  EXPECT_THAT(page(), HasSubstr("chaac_ready 0\n"));
}

TEST(MetricsPageTest, SettingsOfTheStoreAreShownWhereItTellsThem) {
  SnapshotBoard board;
  const Readiness readiness(&board);
  ControlMetrics control;
  for (Gauge& gauge : control.settings.unsafe) gauge.Set(SettingsMetrics::kUnknown);
  control.settings.unsafe[0].Set(1);
  control.settings.unsafe[1].Set(0);
  const std::string page =
      MetricsPage({.loops = {}, .control = &control, .board = &board, .readiness = &readiness});
  EXPECT_THAT(page, HasSubstr("chaac_store_setting_unsafe{setting=\"maxmemory-policy\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("chaac_store_setting_unsafe{setting=\"appendonly\"} 0\n"));
  EXPECT_THAT(page, Not(HasSubstr("setting=\"appendfsync\"")));
}

TEST(MetricsPageTest, TheQueueIsShownWithItsLimit) {
  SnapshotBoard board;
  const Readiness readiness(&board);
  ControlMetrics control;
  LoopMetrics first;
  LoopMetrics second;
  first.ingest.queue_reports.Set(5);
  second.ingest.queue_reports.Set(6);
  const std::string page = MetricsPage({.loops = {&first, &second},
                                        .control = &control,
                                        .board = &board,
                                        .readiness = &readiness,
                                        .queue_reports_max = 100});
  EXPECT_THAT(page, HasSubstr("chaac_queue_reports 11\n"));
  EXPECT_THAT(page, HasSubstr("chaac_queue_reports_max 100\n"));
}

}  // namespace
}  // namespace chaac
