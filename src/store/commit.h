// CommitEncoder: merges the reports of one batch into the arguments of one FCALL chaac_commit_v1.
// Counts and sums are added up per municipality; what lists hold is sent value by value.
// Pure: no I/O, no clock. Not thread-safe: its loop owns it. Its memory is kept from batch to
// batch.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "report/conditions.h"
#include "report/report.h"
#include "store/decimal.h"
#include "store/options.h"
#include "store/resp.h"
#include "store/store_cache.h"

namespace chaac {

struct CommitHeader {
  std::string_view writer;     // The id of the writer whose fence this commit advances.
  std::uint64_t sequence = 0;  // The fence's last value plus one.
  bool refresh_fence = false;  // Keep the fence from expiring.
};

class CommitEncoder {
 public:
  // One element of `recent` holds at most this many reports, so that a list bounded in elements is
  // bounded in reports and bytes.
  static constexpr std::size_t kRecentLinesMax = 8;

  using SlugOf = std::function<std::string_view(MunicipalityIndex)>;

  // `options` and `cache` outlive the encoder. `slug_of` names the municipalities of reports.
  CommitEncoder(const StoreOptions* options, StoreCache* cache, SlugOf slug_of);

  // Starts a batch.
  void Begin(WallTime sealed_at);

  // Tells of a report that will be added, so that the lists carry only the newest ones. Needed for
  // all reports of a batch that is larger than the lists, before the first Add(); else for none.
  void Announce(const Report& report);

  // Adds a report under `id`. REQUIRES: between Begin() and Finish().
  void Add(const Report& report, std::string_view id);

  // Appends the command to `out`.
  void Finish(const CommitHeader& header, MonotonicTime now, std::string* out);

  // The batch was committed, at `sent_at` or later, and this was answered: APPLIED or REPEATED. The
  // cache learns what the store now holds.
  void NoteCommitted(const redisReply& reply, MonotonicTime sent_at);

  // The municipality that chaac.lua calls the `position`-th of the batch, from 1.
  // REQUIRES: 1 <= position <= GroupCount().
  [[nodiscard]] MunicipalityIndex MunicipalityAt(std::size_t position) const;
  [[nodiscard]] std::size_t GroupCount() const { return group_count_; }
  // Batches larger than this are to be announced.
  [[nodiscard]] std::size_t ListLengthMax() const { return options_->list_length_max; }

 private:
  // How many of something there are in the batch, and how many of them (the newest) the lists
  // carry.
  struct Tally {
    std::uint32_t announced = 0;
    std::uint32_t count = 0;
    std::uint32_t listed = 0;

    // Counts one more. True when the lists carry it: it is among the last `listed_max`.
    bool Next(std::uint32_t listed_max);
  };

  struct Measurement {
    Tally tally;
    DecimalSum sum;
    Range range;
    std::string values;  // Encoded arguments.

    void Add(double value, std::uint32_t listed_max);
    void Clear();
  };

  struct Group {
    MunicipalityIndex municipality = 0;
    bool refreshes_expiry = false;
    Tally tally;
    std::array<std::uint32_t, Conditions::kCountMax> by_condition{};
    Measurement temperature;
    Measurement humidity;
    std::string ids;                       // Encoded arguments.
    std::string lines;                     // One JSON line a report, without line ends.
    std::vector<std::uint32_t> line_ends;  // Offsets into `lines`.

    void Clear(MunicipalityIndex new_municipality);
  };

  Group& GroupOf(MunicipalityIndex municipality);
  void AppendLine(const Report& report, std::string_view id, Group* group);
  std::size_t AppendGroup(Group& group, MonotonicTime now, std::string* out);
  static std::size_t AppendMeasurement(const Measurement& measurement, std::string* out);
  static std::size_t AppendRecent(const Group& group, std::string* out);

  const StoreOptions* options_;
  const std::string options_text_;
  StoreCache* cache_;
  SlugOf slug_of_;

  std::vector<Group> groups_;  // The first group_count_ are of this batch.
  std::size_t group_count_ = 0;
  std::vector<std::uint32_t>
      group_of_;            // By MunicipalityIndex: position in groups_ plus one, or 0.
  std::string client_ids_;  // Encoded pairs (id, digest).
  std::size_t client_id_count_ = 0;
  std::string arguments_;   // Scratch.
  WallTime sealed_at_{};    // The arrival time of all reports of the batch.
  std::string arrived_at_;  // The same in RFC 3339.
};

}  // namespace chaac
