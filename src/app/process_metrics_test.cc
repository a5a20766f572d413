// Against the kernel itself: this test's own process.
#include "app/process_metrics.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <vector>

namespace chaac {
namespace {

double Sample(const std::string& page, const std::string& name) {
  const std::size_t at = page.find("\n" + name + " ");
  if (at == std::string::npos) {
    ADD_FAILURE() << "no " << name << " in\n" << page;
    return -1;
  }
  return std::stod(page.substr(at + name.size() + 2));
}

std::string Page() {
  PrometheusPage page;
  AddProcess(WallTime(std::chrono::milliseconds(1'500)), &page);
  return page.Text();
}

TEST(ProcessMetricsTest, NamesAreThoseOfPrometheusClients) {
  const std::string page = Page();
  EXPECT_EQ(Sample(page, "process_start_time_seconds"), 1.5);
  EXPECT_GT(Sample(page, "process_max_fds"), 3);
  EXPECT_NE(page.find("# TYPE process_cpu_seconds_total counter\n"), std::string::npos);
}

TEST(ProcessMetricsTest, DescriptorsAreThoseOpenNow) {
  const double before = Sample(Page(), "process_open_fds");
  const std::vector<int> opened = {open("/dev/null", O_RDONLY), open("/dev/null", O_RDONLY)};
  EXPECT_EQ(Sample(Page(), "process_open_fds"), before + 2);
  for (const int descriptor : opened) close(descriptor);
  EXPECT_EQ(Sample(Page(), "process_open_fds"), before);
}

TEST(ProcessMetricsTest, MemoryGrowsByWhatIsTouched) {
  constexpr std::size_t kBytes = std::size_t{64} * 1024 * 1024;
  const double before = Sample(Page(), "process_resident_memory_bytes");
  const std::vector<char> touched(kBytes, 'x');
  EXPECT_GT(Sample(Page(), "process_resident_memory_bytes"), before + kBytes / 2);
  EXPECT_EQ(touched[kBytes / 2], 'x');
}

TEST(ProcessMetricsTest, CpuTimeGrowsByWhatIsSpent) {
  const double before = Sample(Page(), "process_cpu_seconds_total");
  // Ends when the kernel has counted it; hangs only if the metric stands still.
  while (Sample(Page(), "process_cpu_seconds_total") <= before) continue;
}

}  // namespace
}  // namespace chaac
