// Streamed answers: what a handler sends bit by bit, through HttpServer::BeginStream(). Bytes are
// shared, not copied: thousands of streams may send one chunk. Not thread-safe, but for chunks,
// which never change. Limit: a stream holds one chunk; the next is taken when that is with the
// kernel.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/handler.h"

namespace chaac {

class StreamChunk {
 public:
  // REQUIRES: `bytes` are not empty.
  explicit StreamChunk(std::string bytes);
  // Bytes that `keeper` keeps alive; nullptr: they are constant.
  StreamChunk(std::string_view bytes, std::shared_ptr<const void> keeper);
  StreamChunk(const StreamChunk&) = delete;
  StreamChunk& operator=(const StreamChunk&) = delete;

  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  // What precedes them in chunked coding: their number in hexadecimal, CR LF.
  [[nodiscard]] std::string_view size_line() const { return size_line_; }

 private:
  const std::string own_;
  const std::shared_ptr<const void> keeper_;
  const std::string_view bytes_;
  const std::string size_line_;
};

enum class StreamKind : std::uint8_t {
  kFinite,  // Ends by itself: a drain waits for it, a client may shut down its side meanwhile.
  // Goes on until the client leaves or the server drains. The kernel holds at most
  // endless_socket_bytes of HttpLimits for it, and gives a client up that has not acknowledged
  // bytes for send_timeout.
  kEndless,
};

enum class StreamStart : std::uint8_t {
  kOpen,
  kOver,  // The answer is complete, or its client gone: the source will hear nothing of it.
};

enum class StreamWrite : std::uint8_t {
  kTaken,
  kNoRoom,  // Not taken: OnStreamRoom() tells when to try again.
  kGone,    // The stream has ended.
};

enum class StreamLoss : std::uint8_t {
  kClientGone,
  kTooSlow,   // The client did not read in time.
  kDraining,  // An endless stream was ended in order.
};

// Where streams' bytes come from. Outlives the server.
class StreamSource {
 public:
  // The stream can take a chunk: for the first time when its turn has come, then whenever a chunk
  // has been sent. Called by the server while it sends, so at the end of a round, too: whatever
  // this starts elsewhere is to be flushed by itself. May write to this stream, end it or cut it;
  // need do nothing, and is then called again only after a chunk that was written later.
  virtual void OnStreamRoom(RequestToken token) = 0;

  // The stream has ended without EndStream() or CutStream(); its token is stale.
  virtual void OnStreamGone(RequestToken token, StreamLoss why) = 0;

 protected:
  ~StreamSource() = default;
};

}  // namespace chaac
