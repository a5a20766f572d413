// A merge of many sorted lists through a heap of their next lines.
#include "query/recent_merge.h"

#include <algorithm>
#include <utility>

namespace chaac {

RecentMerge::RecentMerge(std::vector<std::string> municipalities, std::size_t limit)
    : limit_(limit) {
  municipalities.resize(std::min(municipalities.size(), limit));
  for (std::string& municipality : municipalities) {
    lists_.push_back({.municipality = std::move(municipality)});
  }
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    Ask(i, lists_.size() == 1 ? limit : 1 + 2 * limit / lists_.size());
  }
}

void RecentMerge::Ask(std::size_t list, std::size_t elements) {
  lists_[list].elements_asked = std::min(elements, limit_);  // Each has a report at least.
  reads_.push_back({list, lists_[list].elements_asked});
}

void RecentMerge::Take(const Read& read, std::vector<std::string> elements) {
  List& list = lists_[read.list];
  list.ends = elements.size() < list.elements_asked || list.elements_asked == limit_;
  list.elements = std::move(elements);
}

// Goes to the list's next line. False when no more was read.
bool RecentMerge::Advance(List* list) const {
  while (true) {
    if (list->rest.empty()) {
      if (list->element == list->elements.size()) return false;
      list->rest = list->elements[list->element++];
    }
    const std::size_t end = list->rest.find('\n');
    list->line = list->rest.substr(0, end);
    list->rest.remove_prefix(end == std::string_view::npos ? list->rest.size() : end + 1);
    const auto at = ArrivalOf(list->line);
    if (!at) continue;
    list->at = *at;
    return true;
  }
}

void RecentMerge::Merge() {
  reads_.clear();
  lines_.clear();
  std::vector<std::size_t> heap;  // Of lists that have a next line, the newest on top.
  const auto later = [this](std::size_t a, std::size_t b) {
    return std::pair(lists_[a].at, b) < std::pair(lists_[b].at, a);
  };
  const auto add_or_ask = [&](std::size_t i) {
    if (Advance(&lists_[i])) {
      heap.push_back(i);
      std::push_heap(heap.begin(), heap.end(), later);
    } else if (!lists_[i].ends) {
      Ask(i, 2 * lists_[i].elements_asked);
    }
  };
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    lists_[i].element = 0;
    lists_[i].rest = {};
    add_or_ask(i);
  }
  while (lines_.size() < limit_ && !heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    const std::size_t newest = heap.back();
    heap.pop_back();
    if (reader_.IsObject(lists_[newest].line)) lines_.push_back(lists_[newest].line);
    if (lines_.size() < limit_) add_or_ask(newest);
  }
}

}  // namespace chaac
