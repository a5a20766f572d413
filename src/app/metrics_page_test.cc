// What the page makes of the counters. Names and forms are tested end to end.
#include "app/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace chaac {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsPageTest, RefusalsBeforeAnyRouteAreRequestsToo) {
  SnapshotBoard board;
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
  const std::string page =
      MetricsPage({.loops = {&first, &second}, .control = &control, .board = &board});
  EXPECT_THAT(page, HasSubstr("chaac_http_requests_total{route=\"other\",status=\"400\"} 4\n"));
  EXPECT_THAT(page, HasSubstr("chaac_http_requests_total{route=\"other\",status=\"404\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("chaac_http_requests_total{route=\"other\",status=\"503\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("{listener=\"loop-0\",reason=\"malformed-http\"} 1\n"));
  EXPECT_THAT(page, Not(HasSubstr("status=\"other\"")));
}

}  // namespace
}  // namespace chaac
