// UTF-8 decoding against the standard's table of ill-formed sequences, and quoting.
#include "report/text.h"

#include <gtest/gtest.h>

namespace chaac {
namespace {

TEST(TakeCodePointTest, TakesOneSequenceOfEachLength) {
  std::string_view text = "aé€😀";
  EXPECT_EQ(TakeCodePoint(&text), U'a');
  EXPECT_EQ(TakeCodePoint(&text), U'é');
  EXPECT_EQ(TakeCodePoint(&text), U'€');
  EXPECT_EQ(TakeCodePoint(&text), U'😀');
  EXPECT_TRUE(text.empty());
}

TEST(TakeCodePointTest, TakesTheFirstAndTheLastOfEachLength) {
  const std::vector<std::pair<std::string_view, char32_t>> cases = {
      {"\x7F", 0x7F},
      {"\xC2\x80", 0x80},
      {"\xDF\xBF", 0x7FF},
      {"\xE0\xA0\x80", 0x800},
      {"\xED\x9F\xBF", 0xD7FF},
      {"\xEE\x80\x80", 0xE000},
      {"\xEF\xBF\xBF", 0xFFFF},
      {"\xF0\x90\x80\x80", 0x10000},
      {"\xF4\x8F\xBF\xBF", 0x10FFFF},
  };
  for (auto [text, code_point] : cases) EXPECT_EQ(TakeCodePoint(&text), code_point);
}

TEST(TakeCodePointTest, RefusesWhatIsNotUtf8AndTakesOneByteOfIt) {
  const std::vector<std::string_view> cases = {
      "\x80",      // A continuation alone.
      "\xC0\xAF",  // Overlong forms.
      "\xC1\xBF",
      "\xE0\x9F\xBF",
      "\xF0\x8F\xBF\xBF",
      "\xED\xA0\x80",  // Surrogates.
      "\xED\xBF\xBF",
      "\xF4\x90\x80\x80",  // Above U+10FFFF.
      "\xF5\x80\x80\x80",
      "\xFF",
      "\xC3",  // Cut off.
      "\xE2\x82",
      "\xF0\x9F\x98",
      "\xC3(",  // Not continued.
      "\xE2(\xA1",
  };
  for (const std::string_view bytes : cases) {
    std::string_view text = bytes;
    EXPECT_EQ(TakeCodePoint(&text), std::nullopt) << Quote(bytes);
    EXPECT_EQ(text.size(), bytes.size() - 1);
  }
}

TEST(QuoteTest, KeepsPlainText) {
  EXPECT_EQ(Quote(""), "\"\"");
  EXPECT_EQ(Quote("San José"), "\"San José\"");
}

TEST(QuoteTest, ReplacesControlCharactersAndInvalidBytes) {
  EXPECT_EQ(Quote(std::string_view("a\0b\nc\x7F\xFF", 7)), "\"a?b?c??\"");
}

TEST(QuoteTest, CutsAtACodePoint) {
  const std::string letters(kQuoteBytesMax - 1, 'x');
  EXPECT_EQ(Quote(letters + "y"), '"' + letters + "y\"");
  EXPECT_EQ(Quote(letters + "é"), '"' + letters + "…\"");
}

}  // namespace
}  // namespace chaac
