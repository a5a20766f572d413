// Reference: what the store must hold after a workload, computed report by report, by the rules of
// the key table alone: none of the server's code, and nothing merged. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace chaac {

// One report as it was sent, its numbers as hundredths so that sums are exact.
struct ReferenceReport {
  std::string id;
  std::string municipality;
  std::optional<std::int64_t> temperature_hundredths;
  std::optional<std::int64_t> humidity_hundredths;
  std::string condition;  // Empty: none.
};

class Reference {
 public:
  // The report was committed; batches in their order, reports in theirs.
  void Add(const ReferenceReport& report);

  struct Measurement {
    std::vector<std::int64_t> values;  // Hundredths, oldest first.
    [[nodiscard]] std::int64_t Sum() const;
  };
  struct Municipality {
    std::vector<std::string> ids;  // Oldest first.
    std::map<std::string, std::uint64_t> by_condition;
    Measurement temperature;
    Measurement humidity;
    std::vector<ReferenceReport> reports;
  };

  [[nodiscard]] const std::map<std::string, Municipality>& municipalities() const {
    return municipalities_;
  }

 private:
  std::map<std::string, Municipality> municipalities_;
};

// "12.34", "-0.5", "7": as short as it goes.
std::string HundredthsText(std::int64_t hundredths);

}  // namespace chaac
