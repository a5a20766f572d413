// Fold: a name as people write it to a slug. Covers ASCII, Latin-1, Latin Extended-A, and any Latin
// letter followed by combining marks.
#include "report/fold.h"

#include "report/text.h"

namespace chaac {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr char32_t kLatinFirst = 0xC0;
// The base letter of each code point from U+00C0 on; '-' where it is not a letter, '2' where it
// takes two (see TwoLetters).
constexpr std::string_view kLatin =
    "aaaaaa2ceeeeiiiidnooooo-ouuuuy22"                           // U+00C0..00DF
    "aaaaaa2ceeeeiiiidnooooo-ouuuuy2y"                           // U+00E0..00FF
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii22jjkkk"  // U+0100..0138
    "llllllllllnnnnnnnnnoooooo22rrrrrrssssssss"                  // U+0139..0161
    "ttttttuuuuuuuuuuuuwwyyyzzzzzzs";                            // U+0162..017F
static_assert(kLatin.size() == 0x180 - kLatinFirst);

std::string_view TwoLetters(char32_t code_point) {
  switch (code_point) {
    case 0xC6:
    case 0xE6:
      return "ae";
    case 0xDE:
    case 0xFE:
      return "th";
    case 0xDF:
      return "ss";
    case 0x132:
    case 0x133:
      return "ij";
    case 0x152:
    case 0x153:
      return "oe";
    default:
      return {};
  }
}

bool IsControl(char32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
}

bool IsCombiningMark(char32_t code_point) { return code_point >= 0x300 && code_point <= 0x36F; }

bool IsSlugLetter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

// What `code_point` adds to a slug; empty for what separates words.
std::string_view Letters(char32_t code_point) {
  if (code_point >= '0' && code_point <= '9') return kAlphabet.substr(code_point - '0', 1);
  if (code_point >= 'a' && code_point <= 'z') return kAlphabet.substr(code_point - 'a' + 10, 1);
  if (code_point >= 'A' && code_point <= 'Z') return kAlphabet.substr(code_point - 'A' + 10, 1);
  if (code_point < kLatinFirst || code_point >= kLatinFirst + kLatin.size()) return {};
  const std::string_view letter = kLatin.substr(code_point - kLatinFirst, 1);
  if (letter == "-") return {};
  return letter == "2" ? TwoLetters(code_point) : letter;
}

}  // namespace

bool IsSlug(std::string_view text) {
  if (text.empty() || text.size() > kSlugBytesMax) return false;
  char before = '-';
  for (const char byte : text) {
    if (!IsSlugLetter(byte) && (byte != '-' || before == '-')) return false;
    before = byte;
  }
  return before != '-';
}

std::optional<std::string> Fold(std::string_view name) {
  std::string slug;
  bool word_ended = false;
  while (!name.empty()) {
    const std::optional<char32_t> code_point = TakeCodePoint(&name);
    if (!code_point || IsControl(*code_point)) return std::nullopt;
    if (IsCombiningMark(*code_point)) continue;
    const std::string_view letters = Letters(*code_point);
    if (letters.empty()) {
      word_ended = true;
      continue;
    }
    if (word_ended && !slug.empty()) slug += '-';
    word_ended = false;
    slug += letters;
    if (slug.size() > kSlugBytesMax) return std::nullopt;
  }
  if (slug.empty()) return std::nullopt;
  return slug;
}

}  // namespace chaac
