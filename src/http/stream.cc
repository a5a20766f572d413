// Chunks, and what of them is still to be sent.
#include "http/stream.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "http/open_stream.h"

namespace chaac {

StreamChunk::StreamChunk(std::string bytes)
    : own_(std::move(bytes)), bytes_(own_), size_line_(fmt::format("{:x}\r\n", bytes_.size())) {}

StreamChunk::StreamChunk(std::string_view bytes, std::shared_ptr<const void> keeper)
    : keeper_(std::move(keeper)),
      bytes_(bytes),
      size_line_(fmt::format("{:x}\r\n", bytes_.size())) {}

std::string_view OpenStream::SizeLine() const {
  return framing_ == StreamFraming::kChunked ? chunk_->size_line() : std::string_view();
}

std::string_view OpenStream::Tail() const {
  if (framing_ == StreamFraming::kPlain) return {};
  return ended_ ? "\r\n0\r\n\r\n" : "\r\n";
}

std::size_t OpenStream::BytesLeft() const {
  if (!has_chunk()) return 0;
  return SizeLine().size() + chunk_->bytes().size() + Tail().size() - sent_;
}

std::size_t OpenStream::Pieces(iovec* pieces) const {
  if (!has_chunk()) return 0;
  std::size_t count = 0;
  std::size_t skip = sent_;
  for (const std::string_view part : {SizeLine(), chunk_->bytes(), Tail()}) {
    if (part.size() <= skip) {
      skip -= part.size();
      continue;
    }
    // sendmsg() only reads, whatever iovec says.
    pieces[count++] = {.iov_base = const_cast<char*>(part.data()) + skip,
                       .iov_len = part.size() - skip};
    skip = 0;
  }
  return count;
}

}  // namespace chaac
