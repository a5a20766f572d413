// Readiness: whether this process should get traffic now, which is not whether it lives.
// Thread-safe once all links are known.
#pragma once

#include <atomic>
#include <string_view>
#include <vector>

#include "query/snapshot.h"
#include "store/link.h"

namespace chaac {

class Readiness {
 public:
  // `board` outlives this.
  explicit Readiness(const SnapshotBoard* board) : board_(board) {}

  // Every connection to the store that must be up. To be called before other threads ask.
  void Require(const LinkMetrics* link) { links_.push_back(link); }

  // From now on the process is not ready: it finishes what it has.
  void SetDraining() { draining_.store(true, std::memory_order_relaxed); }

  [[nodiscard]] bool Draining() const { return draining_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool StoreIsUp() const;
  // The first connection that is not up, or else the first of all: whom it reached or tried last.
  // REQUIRES: a link is required.
  [[nodiscard]] LinkStatus::Value StoreStatus() const;
  // A snapshot was read at all: the figures are known.
  [[nodiscard]] bool SnapshotIsRead() const { return board_->Newest() != nullptr; }
  [[nodiscard]] bool Ready() const { return !Draining() && StoreIsUp() && SnapshotIsRead(); }

  // Why not, as a phrase; empty when ready.
  [[nodiscard]] std::string_view Reason() const;

 private:
  const SnapshotBoard* board_;
  std::vector<const LinkMetrics*> links_;
  std::atomic<bool> draining_{false};
};

}  // namespace chaac
