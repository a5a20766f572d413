// From getrusage(2), getrlimit(2) and /proc/self.
#include "app/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace chaac {
namespace {

std::chrono::microseconds Duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

void AddCpu(PrometheusPage* page) {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return;
  page->AddCounter("process_cpu_seconds_total", "User and system CPU time spent, in seconds.",
                   Duration(usage.ru_utime) + Duration(usage.ru_stime));
}

void AddMemory(PrometheusPage* page) {
  std::ifstream statm("/proc/self/statm");
  double size_pages = 0;
  double resident_pages = 0;
  if (!(statm >> size_pages >> resident_pages)) return;
  page->AddGauge("process_resident_memory_bytes", "Resident memory in bytes.",
                 resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
}

void AddDescriptors(PrometheusPage* page) {
  std::error_code error;
  const std::filesystem::directory_iterator open("/proc/self/fd", error);
  rlimit limit{};
  if (error || getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const auto count = std::distance(begin(open), end(open)) - 1;  // Without the one that looks.
  page->AddGauge("process_open_fds", "Open file descriptors.", static_cast<double>(count));
  page->AddGauge("process_max_fds", "How many file descriptors may be open.",
                 static_cast<double>(limit.rlim_cur));
}

}  // namespace

void AddProcess(WallTime started_at, PrometheusPage* page) {
  AddCpu(page);
  AddMemory(page);
  AddDescriptors(page);
  page->AddGauge("process_start_time_seconds", "When the process started, Unix time.",
                 static_cast<double>(started_at.time_since_epoch().count()) / 1000);
}

}  // namespace chaac
