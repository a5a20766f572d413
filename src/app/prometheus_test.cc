// The text format, to the letter.
#include "app/prometheus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

namespace chaac {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(PrometheusPageTest, EmptyPageIsEmpty) { EXPECT_EQ(PrometheusPage().Text(), ""); }

TEST(PrometheusPageTest, CountersAndGaugesByFamilyInTheOrderOfTheirFirstSample) {
  PrometheusPage page;
  page.AddCounter("chaac_reports_rejected_total", "Reports refused.", 3,
                  {{"reason", "out-of-range"}});
  page.AddGauge("chaac_store_up", "Whether commands can be sent.", 1);
  page.AddCounter("chaac_reports_rejected_total", "Reports refused.", 4'000'000'000,
                  {{"reason", "queue-full"}, {"door", "http"}});
  page.AddGauge("chaac_offset", "Below zero, and no whole number.", -0.5);
  EXPECT_EQ(page.Text(),
            "# HELP chaac_reports_rejected_total Reports refused.\n"
            "# TYPE chaac_reports_rejected_total counter\n"
            "chaac_reports_rejected_total{reason=\"out-of-range\"} 3\n"
            "chaac_reports_rejected_total{reason=\"queue-full\",door=\"http\"} 4000000000\n"
            "# HELP chaac_store_up Whether commands can be sent.\n"
            "# TYPE chaac_store_up gauge\n"
            "chaac_store_up 1\n"
            "# HELP chaac_offset Below zero, and no whole number.\n"
            "# TYPE chaac_offset gauge\n"
            "chaac_offset -0.5\n");
}

TEST(PrometheusPageTest, LabelValuesAreEscaped) {
  PrometheusPage page;
  page.AddGauge("g", "Help.", 1, {{"l", "a\"b\\c\nd"}});
  EXPECT_THAT(page.Text(), HasSubstr(R"(g{l="a\"b\\c\nd"} 1)"));
}

// The lines of `text` that are samples, their names taken off.
std::vector<std::string> Samples(const std::string& text, const std::string& name) {
  std::vector<std::string> samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name)) samples.push_back(line.substr(name.size()));
  }
  return samples;
}

TEST(PrometheusPageTest, HistogramAddsUpLoopsAndCumulatesBuckets) {
  Histogram loop_0;
  Histogram loop_1;
  loop_0.Observe(std::uint64_t{1});
  loop_0.Observe(std::uint64_t{3});
  loop_1.Observe(std::uint64_t{4});
  loop_1.Observe(std::uint64_t{1} << 40);
  HistogramSum sum;
  sum.Add(loop_0);
  sum.Add(loop_1);
  PrometheusPage page;
  page.AddHistogram("h", "Reports of a batch.", sum, HistogramUnit::kPlain, {{"a", "b"}});
  const std::string text = page.Text();
  EXPECT_THAT(text, HasSubstr("# HELP h Reports of a batch.\n# TYPE h histogram\n"));
  const auto buckets = Samples(text, "h_bucket{a=\"b\",le=");
  ASSERT_EQ(buckets.size(), Histogram::kBuckets);
  EXPECT_EQ(buckets[0], "\"1\"} 1");
  EXPECT_EQ(buckets[1], "\"2\"} 1");
  EXPECT_EQ(buckets[2], "\"4\"} 3");
  EXPECT_EQ(buckets[10], "\"1024\"} 3");
  EXPECT_EQ(buckets[Histogram::kBuckets - 2], "\"16777216\"} 3");
  EXPECT_EQ(buckets[Histogram::kBuckets - 1], "\"+Inf\"} 4");
  EXPECT_EQ(Samples(text, "h_count"), std::vector<std::string>{"{a=\"b\"} 4"});
  EXPECT_EQ(Samples(text, "h_sum"), std::vector<std::string>{"{a=\"b\"} 1099511627784"});
}

TEST(PrometheusPageTest, MicrosecondsAreShownAsSeconds) {
  Histogram histogram;
  histogram.Observe(500ms);
  HistogramSum sum;
  sum.Add(histogram);
  PrometheusPage page;
  page.AddHistogram("chaac_commit_duration_seconds", "Help.", sum, HistogramUnit::kMicroseconds);
  const std::string text = page.Text();
  const auto buckets = Samples(text, "chaac_commit_duration_seconds_bucket{le=\"");
  ASSERT_EQ(buckets.size(), Histogram::kBuckets);
  EXPECT_EQ(std::stod(buckets[0]), 0.000001);
  EXPECT_THAT(buckets[18], ::testing::EndsWith("} 0"));
  EXPECT_EQ(std::stod(buckets[19]), 0.524288);
  EXPECT_THAT(buckets[19], ::testing::EndsWith("} 1"));
  EXPECT_EQ(Samples(text, "chaac_commit_duration_seconds_sum"), std::vector<std::string>{" 0.5"});
}

}  // namespace
}  // namespace chaac
