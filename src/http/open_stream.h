// OpenStream: a streamed answer that is not complete, as its connection keeps it: the chunk that is
// being sent, and how far. Not thread-safe: its connection owns it. Limit: one chunk.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "http/stream.h"

namespace chaac {

enum class StreamFraming : std::uint8_t {
  kChunked,
  kPlain,  // Content-Length was told, or the end of the connection ends it.
};

// Chunked coding's end: the chunk of no bytes, and no trailers.
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

class OpenStream {
 public:
  static constexpr std::size_t kPiecesMax = 3;  // Of a chunk: its size, its bytes, what follows.

  // `source` is told what happens; nullptr: nobody is.
  OpenStream(StreamKind kind, StreamFraming framing, StreamSource* source)
      : source_(source), kind_(kind), framing_(framing) {}

  [[nodiscard]] StreamKind kind() const { return kind_; }
  [[nodiscard]] StreamFraming framing() const { return framing_; }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool has_chunk() const { return chunk_ != nullptr; }

  // REQUIRES: has no chunk.
  void Put(std::shared_ptr<const StreamChunk> chunk) { chunk_ = std::move(chunk); }
  // The present chunk is the last. Returns whom to tell nothing any more.
  StreamSource* End() {
    ended_ = true;
    return std::exchange(source_, nullptr);
  }

  // The source, if it is to be asked for a chunk now: once after each that was sent.
  [[nodiscard]] StreamSource* ToAsk() {
    return has_chunk() || std::exchange(asked_, true) ? nullptr : source_;
  }

  // What is left of the present chunk, framed, in at most kPiecesMax pieces. Returns their number.
  std::size_t Pieces(iovec* pieces) const;
  [[nodiscard]] std::size_t BytesLeft() const;

  // `bytes` of what was left have been sent.
  void NoteSent(std::size_t bytes) { sent_ += bytes; }
  // REQUIRES: BytesLeft() is 0.
  void DropChunk() {
    chunk_.reset();
    sent_ = 0;
    asked_ = false;
  }

 private:
  [[nodiscard]] std::string_view SizeLine() const;
  [[nodiscard]] std::string_view Tail() const;

  StreamSource* source_;
  std::shared_ptr<const StreamChunk> chunk_;
  std::size_t sent_ = 0;  // Of the framed chunk.
  const StreamKind kind_;
  const StreamFraming framing_;
  bool asked_ = false;
  bool ended_ = false;
};

}  // namespace chaac
