// StoreNode: which node answers as the store, and whose history it continues. Two nodes may hold
// different data and answer at the same address in turn, such as a primary that was cut off and the
// replica that was promoted in its place.
#pragma once

#include <string>

namespace chaac {

// From INFO replication. A node takes a new id when it starts as a primary and when it is promoted,
// so two primaries never share one:
// https://valkey.io/topics/replication/#how-valkey-replication-works
struct StoreNode {
  std::string replication_id;  // master_replid; empty: the store does not tell.
  // master_replid2: the primary that this one was a replica of when it was promoted; empty: none.
  std::string predecessor_id;

  bool operator==(const StoreNode&) const = default;
};

}  // namespace chaac
