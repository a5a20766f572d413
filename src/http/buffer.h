// Buffer: bytes of one connection on their way in or out; BufferPool: lends them, so that a busy
// connection allocates nothing and an idle one holds nothing. Not thread-safe: one loop owns both.
// Limits: none of its own; the connection bounds what it appends. The pool keeps buffers of at most
// kSpareBytesMax, kSparesBytesMax in all.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "http/handler.h"

namespace chaac {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { Swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer moved(std::move(other));
    Swap(moved);
    return *this;
  }

  [[nodiscard]] char* data() { return bytes_.get() + begin_; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] std::string_view view() const { return {bytes_.get() + begin_, size()}; }

  // Room for `n` more bytes behind the present ones, and kRequestPaddingBytes behind those. Returns
  // where they go; Commit() makes them part of the buffer. Moves the bytes when it must.
  char* Reserve(std::size_t n) {
    if (capacity_ - end_ < n) Grow(n);
    return bytes_.get() + end_;
  }
  // The capacity that Reserve(n) would leave.
  [[nodiscard]] std::size_t CapacityWith(std::size_t n) const;
  void Commit(std::size_t n) { end_ += n; }
  // Bytes that Reserve() would give without moving.
  [[nodiscard]] std::size_t room() const { return capacity_ - end_; }

  void Append(std::string_view bytes);

  // Drops the first `n` bytes.
  void Consume(std::size_t n) {
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Keeps the first `n` bytes.
  void Truncate(std::size_t n) { end_ = begin_ + n; }

 private:
  void Grow(std::size_t n);
  void Swap(Buffer& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(capacity_, other.capacity_);
  }

  // capacity_ + kRequestPaddingBytes, or nothing. A vector would set what recv() fills anyway.
  std::unique_ptr<char[]> bytes_;  // NOLINT(modernize-avoid-c-arrays)
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

class BufferPool {
 public:
  static constexpr std::size_t kSpareBytesMax = std::size_t{16} * 1024;
  // Of one loop. A commit of 4,096 reports is answered through as many buffers of 1 KiB.
  static constexpr std::size_t kSparesBytesMax = std::size_t{4} * 1024 * 1024;

  // An empty buffer, with memory if there is a spare one.
  Buffer Take();
  // Takes `buffer` back, or frees its memory.
  void Return(Buffer buffer);

 private:
  std::vector<Buffer> spares_;
  std::size_t spares_bytes_ = 0;  // Their capacity.
};

}  // namespace chaac
