// Growth, consumption, and the pool's bounds.
#include "http/buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

namespace chaac {
namespace {

TEST(BufferTest, KeepsItsBytesWhileItGrowsAndIsConsumed) {
  Buffer buffer;
  std::string expected;
  for (int i = 0; i < 10'000; ++i) {
    const std::string piece = std::to_string(i);
    buffer.Append(piece);
    expected += piece;
    if (i > 10 && i % 3 == 0) {
      buffer.Consume(5);
      expected.erase(0, 5);
    }
    ASSERT_EQ(buffer.view(), expected);
  }
  buffer.Truncate(3);
  EXPECT_EQ(buffer.view(), expected.substr(0, 3));
}

TEST(BufferTest, MemoryIsAtMostTwiceWhatIsHeldPlusWhatIsAskedFor) {
  Buffer buffer;
  for (int i = 0; i < 5'000; ++i) {
    buffer.Append("0123456789");
    EXPECT_LE(buffer.capacity(), std::max<std::size_t>(2 * buffer.size() + 10, 1024));
  }
}

TEST(BufferTest, ASteadyStreamThroughItDoesNotGrowIt) {
  Buffer buffer;
  buffer.Append(std::string(500, 'a'));
  for (int i = 0; i < 10'000; ++i) {
    buffer.Append(std::string(100, 'b'));
    buffer.Consume(100);
  }
  EXPECT_EQ(buffer.size(), 500U);
  EXPECT_LE(buffer.capacity(), 2048U);
}

TEST(BufferTest, PaddingBehindTheBytesIsReadable) {
  Buffer buffer;
  char* const room = buffer.Reserve(2000);
  std::fill_n(room, 2000 + kRequestPaddingBytes, 'x');  // ASan objects if it is not ours.
  buffer.Commit(2000);
  EXPECT_EQ(buffer.data()[buffer.size() + kRequestPaddingBytes - 1], 'x');
}

TEST(BufferPoolTest, LendsTheMemoryOfReturnedBuffersEmpty) {
  BufferPool pool;
  Buffer buffer = pool.Take();
  EXPECT_EQ(buffer.capacity(), 0U);
  buffer.Append("abc");
  const char* const memory = buffer.data();
  pool.Return(std::move(buffer));
  Buffer again = pool.Take();
  EXPECT_TRUE(again.empty());
  EXPECT_EQ(again.data(), memory);
  EXPECT_EQ(pool.Take().capacity(), 0U);
}

TEST(BufferPoolTest, KeepsNoLargeBufferAndNotTooMany) {
  BufferPool pool;
  Buffer large;
  large.Append(std::string(BufferPool::kSpareBytesMax + 1, 'a'));
  pool.Return(std::move(large));
  EXPECT_EQ(pool.Take().capacity(), 0U);
  for (std::size_t i = 0; i < BufferPool::kSparesMax + 1; ++i) {
    Buffer buffer;
    buffer.Append("a");
    pool.Return(std::move(buffer));
  }
  for (std::size_t i = 0; i < BufferPool::kSparesMax; ++i) EXPECT_NE(pool.Take().capacity(), 0U);
  EXPECT_EQ(pool.Take().capacity(), 0U);
}

}  // namespace
}  // namespace chaac
