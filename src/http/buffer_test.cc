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

// How many buffers of `bytes` bytes the pool keeps of more than it may.
std::size_t Kept(std::size_t bytes) {
  BufferPool pool;
  for (std::size_t i = 0; i < BufferPool::kSparesBytesMax / bytes + 2; ++i) {
    Buffer buffer;
    buffer.Append(std::string(bytes, 'a'));
    pool.Return(std::move(buffer));
  }
  std::size_t kept = 0;
  while (pool.Take().capacity() != 0) ++kept;
  return kept;
}

TEST(BufferPoolTest, KeepsNoLargeBufferAndNotTooMany) {
  EXPECT_EQ(Kept(BufferPool::kSpareBytesMax + 1), 0U);
  EXPECT_EQ(Kept(BufferPool::kSpareBytesMax), 256U);
  EXPECT_EQ(Kept(1024), 4096U);
}

TEST(BufferPoolTest, WhatWasTakenMakesRoom) {
  BufferPool pool;
  for (std::size_t i = 0; i < BufferPool::kSparesBytesMax / 1024 + 1; ++i) {
    Buffer buffer = pool.Take();
    buffer.Append("a");
    pool.Return(std::move(buffer));
  }
  EXPECT_NE(pool.Take().capacity(), 0U);
}

}  // namespace
}  // namespace chaac
