// The digest is kept in stores, so its values are held here; and every field of the report counts.
#include "report/digest.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "report/fold.h"

namespace chaac {
namespace {

Report Typical() {
  Report report;
  report.temperature_celsius = 25;
  report.humidity_percent = 60;
  return report;
}

// A change of these values lets clients' retries count twice: make a new version of the form
// instead.
TEST(DigestTest, NeverChanges) {
  EXPECT_EQ(DigestOf(Typical(), "chinautla", "sunny"), 4300321047697535678u);
  EXPECT_EQ(DigestOf(Report{}, "a", ""), 11246641705822164733u);
  Report full = Typical();
  full.temperature_celsius = -12.75;
  full.observed_at_ms = 1'782'930'600'250;
  EXPECT_EQ(DigestOf(full, std::string(kSlugBytesMax, 'm'), std::string(kSlugBytesMax, 'c')),
            13989626404333175293u);
}

TEST(DigestTest, EveryFieldCounts) {
  std::set<std::uint64_t> digests;
  const auto add = [&digests](auto change) {
    Report report = Typical();
    change(&report);
    digests.insert(DigestOf(report, "chinautla", "sunny"));
  };
  add([](Report*) {});
  add([](Report* report) { report->temperature_celsius = 25.000000000000004; });
  add([](Report* report) { report->temperature_celsius = std::nullopt; });
  add([](Report* report) { report->temperature_celsius = 60; });
  add([](Report* report) { report->humidity_percent = std::nullopt; });
  add([](Report* report) { report->humidity_percent = 25; });
  add([](Report* report) {
    report->temperature_celsius = std::nullopt;
    report->humidity_percent = 25;
  });
  add([](Report* report) { report->observed_at_ms = 1; });
  digests.insert(DigestOf(Typical(), "chinautl", "asunny"));
  digests.insert(DigestOf(Typical(), "chinautla", ""));
  digests.insert(DigestOf(Typical(), "mixco", "sunny"));
  EXPECT_EQ(digests.size(), 11);
}

TEST(DigestTest, TheRestDoesNot) {
  Report report = Typical();
  report.client_id = "abc";
  report.municipality = 7;
  report.condition = 3;
  report.digest = 99;
  EXPECT_EQ(DigestOf(report, "chinautla", "sunny"), DigestOf(Typical(), "chinautla", "sunny"));
  Report zero;
  zero.temperature_celsius = 0.0;
  Report minus_zero;
  minus_zero.temperature_celsius = -0.0;
  EXPECT_EQ(DigestOf(zero, "a", ""), DigestOf(minus_zero, "a", ""));
}

}  // namespace
}  // namespace chaac
