// Ledger: what a simulated run sent, what it was told, and whether the store agrees. A report's
// identity is its observed_at, which is different for each.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "report/report.h"
#include "store/testing/lua_store.h"

namespace chaac {

struct SentReport {
  Report report;
  std::string id;             // The client's; empty: none.
  bool acknowledged = false;  // A success was answered.
  bool refused_for_sure =
      false;  // Every answer said "not stored", and nothing was left unanswered.
};

class Ledger {
 public:
  // Names of municipalities and conditions by index.
  Ledger(std::vector<std::string> slugs, std::vector<std::string> conditions);

  // A new report; its key is the returned position.
  std::size_t Add(Report report, std::string id);
  SentReport& At(std::size_t key) { return sent_[key]; }
  [[nodiscard]] std::size_t size() const { return sent_.size(); }

  // Every way in which the store contradicts the ledger: a lost, doubled or phantom report, a
  // counter, sum, list, extreme or series that differs from the distinct stored reports. Empty:
  // none. `all_ids_settled`: every report with an id must be stored.
  [[nodiscard]] std::vector<std::string> Contradictions(LuaStore* store,
                                                        bool all_ids_settled) const;

  // Whether the report with this key is stored.
  [[nodiscard]] bool IsStored(LuaStore* store, std::size_t key) const;

  // Reports that were acknowledged and are not stored: what a failover lost. They count as never
  // acknowledged from now on. Their number.
  std::size_t ForgetLost(LuaStore* store);

 private:
  struct Expected {
    std::uint64_t count = 0;
    std::map<std::string, std::uint64_t> by_condition;
    std::uint64_t temperatures = 0;
    std::int64_t temperature_sum = 0;
    double temperature_min = 1e9;
    double temperature_max = -1e9;
  };

  std::map<std::size_t, std::uint32_t> CountStored(LuaStore* store, const std::string& slug,
                                                   std::vector<std::string>* faults) const;
  void CheckMunicipality(LuaStore* store, std::size_t index,
                         const std::map<std::size_t, std::uint32_t>& stored,
                         std::vector<std::string>* faults) const;
  static void CheckSeries(LuaStore* store, const std::string& slug, const Expected& expected,
                          std::vector<std::string>* faults);

  std::vector<std::string> slugs_;
  std::vector<std::string> conditions_;
  std::vector<SentReport> sent_;
};

}  // namespace chaac
