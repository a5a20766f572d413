// Three conditions for traffic.
#include "http/readiness.h"

#include <algorithm>

namespace chaac {

bool Readiness::StoreIsUp() const {
  return std::all_of(links_.begin(), links_.end(),
                     [](const LinkMetrics* link) { return link->up.Value() == 1; });
}

LinkStatus::Value Readiness::StoreStatus() const {
  const auto down = std::find_if(links_.begin(), links_.end(),
                                 [](const LinkMetrics* link) { return link->up.Value() != 1; });
  return (down == links_.end() ? links_.front() : *down)->status.Get();
}

std::string_view Readiness::Reason() const {
  if (Draining()) return "the server is draining: it is about to stop";
  if (!StoreIsUp()) return "the store is out of reach";
  if (!SnapshotIsRead()) return "the store has not been read yet";
  return {};
}

}  // namespace chaac
