// RESP2 replies.
#include "store/testing/reply_writer.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace chaac {

void ReplyWriter::Header(char type, std::int64_t value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out_->push_back(type);
  out_->append(digits.data(), end);
  out_->append("\r\n");
}

void ReplyWriter::Line(char type, std::string_view text) {
  out_->push_back(type);
  const auto start = static_cast<std::ptrdiff_t>(out_->size());
  out_->append(text);
  std::replace_if(
      out_->begin() + start, out_->end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  out_->append("\r\n");
}

void ReplyWriter::Status(std::string_view text) { Line('+', text); }

void ReplyWriter::Error(std::string_view text) {
  const auto last = text.find_last_not_of("\r\n");
  Line('-', text.substr(0, last == std::string_view::npos ? 0 : last + 1));
}

void ReplyWriter::Integer(std::int64_t value) { Header(':', value); }

void ReplyWriter::Bulk(std::string_view value) {
  Header('$', static_cast<std::int64_t>(value.size()));
  out_->append(value);
  out_->append("\r\n");
}

void ReplyWriter::Array(std::size_t elements) { Header('*', static_cast<std::int64_t>(elements)); }

std::size_t EndOfReply(std::string_view bytes) {
  std::size_t position = 0;
  for (std::int64_t open = 1; open > 0; --open) {
    const auto line_end = bytes.find("\r\n", position);
    if (line_end == std::string_view::npos) return std::string_view::npos;
    const char type = bytes[position];
    std::int64_t length = 0;
    std::from_chars(bytes.data() + position + 1, bytes.data() + line_end, length);
    position = line_end + 2;
    if (type == '*' && length > 0) open += length;
    if (type == '$' && length >= 0) position += static_cast<std::size_t>(length) + 2;
    if (position > bytes.size()) return std::string_view::npos;
  }
  return position;
}

}  // namespace chaac
