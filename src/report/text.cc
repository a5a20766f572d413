// Text that clients wrote: strict UTF-8 decoding, and quoting for sentences. Pure functions.
#include "report/text.h"

namespace chaac {
namespace {

// Bytes of the UTF-8 sequence that begins with `lead`; 0 when none does.
std::size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;  // A continuation, or an overlong form of ASCII.
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  if (lead < 0xF5) return 4;
  return 0;
}

bool IsOverlongOrSurrogate(char32_t code_point, std::size_t length) {
  if (length == 3) return code_point < 0x800 || (code_point >= 0xD800 && code_point <= 0xDFFF);
  if (length == 4) return code_point < 0x10000 || code_point > 0x10FFFF;
  return false;
}

// The whole sequence at the front of `text`, which stays; nothing when it is not valid.
std::optional<char32_t> Decode(std::string_view text, std::size_t length) {
  if (length == 0 || length > text.size()) return std::nullopt;
  const auto lead = static_cast<unsigned char>(text.front());
  if (length == 1) return lead;
  char32_t code_point = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0u) != 0x80u) return std::nullopt;
    code_point = (code_point << 6) | (next & 0x3Fu);
  }
  if (IsOverlongOrSurrogate(code_point, length)) return std::nullopt;
  return code_point;
}

}  // namespace

std::optional<char32_t> TakeCodePoint(std::string_view* text) {
  const std::size_t length = SequenceLength(static_cast<unsigned char>(text->front()));
  const std::optional<char32_t> code_point = Decode(*text, length);
  text->remove_prefix(code_point ? length : 1);
  return code_point;
}

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const std::string_view before = text;
    const std::optional<char32_t> code_point = TakeCodePoint(&text);
    const std::string_view bytes = before.substr(0, before.size() - text.size());
    if (quoted.size() + bytes.size() > kQuoteBytesMax + 1) return quoted + "…\"";
    const bool printable = code_point && *code_point >= 0x20 && *code_point != 0x7F;
    quoted += printable ? bytes : std::string_view("?");
  }
  return quoted + '"';
}

}  // namespace chaac
