// Escapes, and U+FFFD for what is not UTF-8.
#include "base/json_text.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace chaac {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD in UTF-8.

std::uint8_t ByteAt(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0;
}

// How many bytes the UTF-8 sequence at the front of `text` has; 0 when there is none (RFC 3629:
// overlong forms, surrogates and what lies beyond U+10FFFF are none).
std::size_t SequenceBytes(std::string_view text) {
  const std::uint8_t lead = ByteAt(text, 0);
  if (lead < 0x80) return 1;
  const std::size_t bytes = lead < 0xC2   ? 0
                            : lead < 0xE0 ? 2
                            : lead < 0xF0 ? 3
                            : lead < 0xF5 ? 4
                                          : 0;
  const std::uint8_t second = ByteAt(text, 1);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
      (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
    return 0;
  }
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((ByteAt(text, i) & 0xC0) != 0x80) return 0;
  }
  return bytes;
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  while (!text.empty()) {
    const std::size_t bytes = SequenceBytes(text);
    const char c = text.front();
    if (bytes == 0) {
      *out += kReplacement;
    } else if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (c == '\n') {
      *out += "\\n";
    } else if (c == '\t') {
      *out += "\\t";
    } else if ((c >= 0 && c < ' ') || c == '\x7f') {
      fmt::format_to(std::back_inserter(*out), "\\u{:04x}", c);
    } else {
      *out += text.substr(0, bytes);
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  *out += '"';
}

}  // namespace chaac
