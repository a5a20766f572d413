// The byte classes of HTTP/1.1 (RFC 9110, 5.6.2 and 5.5; the host, leniently: RFC 3986, 3.2.2), and
// what is done with names and values of its fields. Pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chaac {

namespace syntax_detail {

inline constexpr std::uint8_t kToken = 1;
inline constexpr std::uint8_t kVisible = 2;
inline constexpr std::uint8_t kText = 4;
inline constexpr std::uint8_t kHostByte = 8;

inline constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t byte = 0x20; byte < 256; ++byte) classes[byte] = kText;
  classes['\t'] = kText;
  classes[0x7f] = 0;
  for (std::size_t byte = 0x21; byte < 0x7f; ++byte) classes[byte] |= kVisible | kToken;
  for (const char c : std::string_view("\"(),/:;<=>?@[\\]{}")) {
    classes[static_cast<unsigned char>(c)] = kText | kVisible;
  }
  for (std::size_t byte = 0x21; byte < 0x7f; ++byte) classes[byte] |= kHostByte;
  for (const char c : std::string_view("\"#/:<>?@[\\]^`{|}")) {
    classes[static_cast<unsigned char>(c)] &= static_cast<std::uint8_t>(~kHostByte);
  }
  return classes;
}();

constexpr bool Is(std::uint8_t byte_class, char c) {
  return (kClasses[static_cast<unsigned char>(c)] & byte_class) != 0;
}

}  // namespace syntax_detail

// Part of a method or a field name.
constexpr bool IsToken(char c) { return syntax_detail::Is(syntax_detail::kToken, c); }
// Visible ASCII: part of a request target.
constexpr bool IsVisible(char c) { return syntax_detail::Is(syntax_detail::kVisible, c); }
// Part of a host's name or of its address in digits.
constexpr bool IsHostByte(char c) { return syntax_detail::Is(syntax_detail::kHostByte, c); }
// Part of a field value or the rest of any line: no control byte but HTAB. Bytes from 0x80 are
// text.
constexpr bool IsText(char c) { return syntax_detail::Is(syntax_detail::kText, c); }

constexpr char LowerOf(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// As names are compared in HTTP: without regard to the case of ASCII letters.
constexpr bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (LowerOf(a[i]) != LowerOf(b[i])) return false;
  }
  return true;
}

// Without the white space around it (OWS: RFC 9110, 5.6.3).
constexpr std::string_view TrimWhitespace(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Takes what precedes the first `separator` off `*list`, and that too. Returns it, trimmed.
constexpr std::string_view TakeElement(char separator, std::string_view* list) {
  const std::string_view element = list->substr(0, list->find(separator));
  list->remove_prefix(element.size() < list->size() ? element.size() + 1 : element.size());
  return TrimWhitespace(element);
}

constexpr int HexDigitOf(char c) {  // -1: none.
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace chaac
