// Folding names to slugs.
#include "report/fold.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace chaac {
namespace {

TEST(FoldTest, FoldsNamesToSlugs) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"chinautla", "chinautla"},
      {"Chinautla", "chinautla"},
      {"AMATITLÁN", "amatitlan"},
      {"San José Pinula", "san-jose-pinula"},
      {"  San   José\u00A0Pinula! ", "san-jose-pinula"},
      {"Chiquimulilla (Santa Rosa)", "chiquimulilla-santa-rosa"},
      {"Ñuñoa", "nunoa"},
      {"Camotán", "camotan"},  // A combining acute accent.
      {"Güija", "guija"},      // A combining diaeresis.
      {"̃a", "a"},              // A mark without a letter.
      {"N'Djamena", "n-djamena"},
      {"Ærø, Þórshöfn, Weiß", "aero-thorshofn-weiss"},
      {"Łódź Œuvre Ĳmuiden ŉ Đ ı ſ", "lodz-oeuvre-ijmuiden-n-d-i-s"},
      {"a×b÷c", "a-b-c"},
      {"Zona 18", "zona-18"},
      {"-- a --- b --", "a-b"},
  };
  for (const auto& [name, slug] : cases) EXPECT_EQ(Fold(name), slug) << name;
}

TEST(FoldTest, RefusesWhatHasNoSlug) {
  for (const std::string_view name :
       {std::string_view(""), std::string_view(" - "), std::string_view("東京"),
        std::string_view("\u0301"), std::string_view("a\0b", 3), std::string_view("a\nb"),
        std::string_view("a\u0085b"), std::string_view("caf\xE9")}) {
    EXPECT_EQ(Fold(name), std::nullopt);
  }
}

TEST(FoldTest, BoundsTheSlug) {
  const std::string longest(kSlugBytesMax, 'a');
  EXPECT_EQ(Fold(longest), longest);
  EXPECT_EQ(Fold(longest + ' '), longest);
  EXPECT_EQ(Fold(longest + 'a'), std::nullopt);
  EXPECT_EQ(Fold(longest.substr(1) + "ß"), std::nullopt);
  EXPECT_EQ(Fold(longest.substr(1) + " b"), std::nullopt);
}

TEST(FoldTest, EveryLatinLetterFoldsToLettersAndFoldingAgainChangesNothing) {
  for (char32_t code_point = 0xC0; code_point < 0x180; ++code_point) {
    const std::string name = {static_cast<char>(0xC0 | (code_point >> 6)),
                              static_cast<char>(0x80 | (code_point & 0x3F))};
    const bool is_sign = code_point == 0xD7 || code_point == 0xF7;  // × and ÷
    const std::optional<std::string> slug = Fold(name);
    ASSERT_EQ(slug.has_value(), !is_sign) << name;
    if (!slug) continue;
    EXPECT_TRUE(IsSlug(*slug)) << name;
    EXPECT_EQ(slug->find_first_of("0123456789"), std::string::npos) << name;
    EXPECT_EQ(Fold(*slug), slug) << name;
  }
}

TEST(IsSlugTest, AcceptsLettersDigitsAndSingleHyphensBetweenThem) {
  for (const std::string_view slug : {"a", "7", "a-b", "san-jose-peten", "zona-18"}) {
    EXPECT_TRUE(IsSlug(slug)) << slug;
  }
  for (const std::string_view text : {"", "-", "-a", "a-", "a--b", "A", "a b", "a_b", "á"}) {
    EXPECT_FALSE(IsSlug(text)) << text;
  }
  EXPECT_TRUE(IsSlug(std::string(kSlugBytesMax, 'a')));
  EXPECT_FALSE(IsSlug(std::string(kSlugBytesMax + 1, 'a')));
}

}  // namespace
}  // namespace chaac
