// Events to the byte.
#include "query/stream_events.h"

#include <gtest/gtest.h>

namespace chaac {
namespace {

TEST(StreamEventsTest, ASnapshotHasItsNumber) {
  EXPECT_EQ(SnapshotEvent(18'446'744'073'709'551'615U, R"({"a":1})"),
            "id: 18446744073709551615\nevent: snapshot\ndata: {\"a\":1}\n\n");
}

TEST(StreamEventsTest, AStaleEventStaysOneLine) {
  EXPECT_EQ(StaleEvent(WallTime{std::chrono::milliseconds(1'999)}, "it \"says\"\nno"),
            "event: stale\ndata: {\"since\":1,\"detail\":\"it \\\"says\\\"\\nno\"}\n\n");
}

}  // namespace
}  // namespace chaac
