// RecentMerge: the newest reports over the lists of many municipalities, reading little of each.
// Says which lists are to be read and how far; a list of which all that was read is among the
// newest is read again, twice as far. Pure; not thread-safe.
// Limits: one round of reads asks for at most 3 * limit elements, and there are at most
// 1 + log2(limit) rounds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "query/recent_line.h"

namespace chaac {

class RecentMerge {
 public:
  struct Read {
    std::size_t list;      // Position in `municipalities`.
    std::size_t elements;  // From the front.
  };

  // `municipalities`: whoever reported last comes first; those beyond the first `limit` can
  // contribute nothing. REQUIRES: limit >= 1.
  RecentMerge(std::vector<std::string> municipalities, std::size_t limit);

  // What is to be read now. None: it is done.
  [[nodiscard]] const std::vector<Read>& reads() const { return reads_; }
  [[nodiscard]] std::string_view MunicipalityOf(const Read& read) const {
    return lists_[read.list].municipality;
  }

  // The elements that a read found: lines, newest first.
  void Take(const Read& read, std::vector<std::string> elements);
  // All reads() were taken: finds out what else is to be read.
  void Merge();

  // The newest reports, newest first, at most `limit`: those of equal times in the order of
  // `municipalities`. What is no report is left out. REQUIRES: reads() is empty.
  [[nodiscard]] const std::vector<std::string_view>& lines() const { return lines_; }

 private:
  struct List {
    std::string municipality;
    std::size_t elements_asked = 0;
    bool ends = false;                  // There are no more elements than these.
    std::vector<std::string> elements;  // What `rest` and lines_ view.
    std::size_t element = 0;            // While merging: the next element,
    std::string_view rest;              // the rest of the one before,
    std::string_view line;              // the list's next line,
    WallTime at{};                      // and when it arrived.
  };

  void Ask(std::size_t list, std::size_t elements);
  bool Advance(List* list) const;

  const std::size_t limit_;
  std::vector<List> lists_;
  std::vector<Read> reads_;
  std::vector<std::string_view> lines_;
  RecentLineReader reader_;
};

}  // namespace chaac
