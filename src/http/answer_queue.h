// AnswerQueue: the requests of one connection that are not answered yet, oldest first. An answer
// that is ready before those of older requests waits here. Not thread-safe. Limit: none of its own;
// the connection stops reading at pipeline_max.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "http/buffer.h"
#include "http/head.h"
#include "http/open_stream.h"
#include "http/response_writer.h"

namespace chaac {

// What an answer needs to know of its request, and the answer once it waits.
struct PendingAnswer {
  Persistence persistence = Persistence::kKeepAlive;
  BodyPart body = BodyPart::kSent;
  HttpVersion version = HttpVersion::kHttp11;
  bool ready = false;
  Buffer bytes;  // Of the ready answer; of a stream whose turn has not come, its head.
  std::unique_ptr<OpenStream> stream;
};

class AnswerQueue {
 public:
  static constexpr std::size_t kSlotsKept = 32;  // By an idle connection: 1.5 KiB.

  [[nodiscard]] bool empty() const { return front_ == next_; }
  [[nodiscard]] std::size_t size() const { return next_ - front_; }
  [[nodiscard]] std::size_t slots() const { return ring_.size(); }

  // Adds a request behind the others and returns its sequence number.
  std::uint32_t Push(Persistence persistence, BodyPart body,
                     HttpVersion version = HttpVersion::kHttp11) {
    if (size() == ring_.size()) Grow();
    PendingAnswer& added = At(next_);
    added.persistence = persistence;
    added.body = body;
    added.version = version;
    added.ready = false;
    return next_++;
  }

  // The request of this number, unless it was answered already, or a stream answers it.
  PendingAnswer* Find(std::uint32_t sequence) {
    if (sequence - front_ >= size()) return nullptr;  // Unsigned: numbers may wrap around.
    PendingAnswer& found = At(sequence);
    return found.ready || found.stream != nullptr ? nullptr : &found;
  }
  // The request of this number, if a stream answers it.
  PendingAnswer* FindStream(std::uint32_t sequence) {
    if (sequence - front_ >= size()) return nullptr;
    PendingAnswer& found = At(sequence);
    return found.stream != nullptr ? &found : nullptr;
  }

  // REQUIRES (all): not empty.
  PendingAnswer& Front() { return At(front_); }
  [[nodiscard]] std::uint32_t front_sequence() const { return front_; }
  void PopFront() { ++front_; }
  PendingAnswer& Back() { return At(next_ - 1); }
  [[nodiscard]] std::uint32_t back_sequence() const { return next_ - 1; }
  void PopBack() { --next_; }

  // Gives back the memory of a deep pipeline. REQUIRES: empty.
  void Trim() {
    if (ring_.size() > kSlotsKept) Clear();
  }

  // Forgets everything. Numbers go on.
  void Clear() {
    front_ = next_;
    ring_.clear();
    ring_.shrink_to_fit();
  }

 private:
  PendingAnswer& At(std::uint32_t sequence) { return ring_[sequence & (ring_.size() - 1)]; }

  void Grow() {
    std::vector<PendingAnswer> larger(ring_.empty() ? 1 : 2 * ring_.size());  // A power of two.
    for (std::uint32_t i = front_; i != next_; ++i) {
      larger[i & (larger.size() - 1)] = std::move(At(i));
    }
    ring_ = std::move(larger);
  }

  std::vector<PendingAnswer> ring_;
  std::uint32_t front_ = 0;  // The oldest request that is not answered.
  std::uint32_t next_ = 0;
};

}  // namespace chaac
