// Growth doubles, so that appending is amortised and memory stays below twice what has arrived.
#include "http/buffer.h"

#include <algorithm>
#include <cstring>

namespace chaac {
namespace {

constexpr std::size_t kCapacityMin = 1024;  // A typical request, or three answers to reports.

}  // namespace

void Buffer::Append(std::string_view bytes) {
  if (bytes.empty()) return;
  std::memcpy(Reserve(bytes.size()), bytes.data(), bytes.size());
  Commit(bytes.size());
}

std::size_t Buffer::CapacityWith(std::size_t n) const {
  const std::size_t used = size();
  // Moving to the front is worth it only when more room than bytes to move is gained.
  const bool has_room = capacity_ - end_ >= n || (begin_ >= used && capacity_ - used >= n);
  return has_room ? capacity_ : std::max({kCapacityMin, 2 * used, used + n});
}

void Buffer::Grow(std::size_t n) {
  const std::size_t used = size();
  const std::size_t capacity = CapacityWith(n);
  if (capacity == capacity_) {
    std::memmove(bytes_.get(), data(), used);
  } else {
    // Not initialised: everything but the padding is written before it is read.
    decltype(bytes_) bytes(new char[capacity + kRequestPaddingBytes]);
    if (used > 0) std::memcpy(bytes.get(), data(), used);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = used;
}

Buffer BufferPool::Take() {
  if (spares_.empty()) return {};
  Buffer buffer = std::move(spares_.back());
  spares_.pop_back();
  spares_bytes_ -= buffer.capacity();
  return buffer;
}

void BufferPool::Return(Buffer buffer) {
  if (buffer.capacity() == 0 || buffer.capacity() > kSpareBytesMax) return;
  if (spares_bytes_ + buffer.capacity() > kSparesBytesMax) return;
  spares_bytes_ += buffer.capacity();
  buffer.Consume(buffer.size());
  spares_.push_back(std::move(buffer));
}

}  // namespace chaac
