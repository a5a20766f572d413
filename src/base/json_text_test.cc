// Any bytes become a valid JSON string.
#include "base/json_text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace chaac {
namespace {

using namespace std::string_view_literals;

std::string Json(std::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

TEST(JsonTextTest, LeavesTextAsItIs) {
  EXPECT_EQ(Json(""), R"("")");
  EXPECT_EQ(Json("San José / 日本 \xF0\x9F\x8C\xA7"), "\"San José / 日本 \xF0\x9F\x8C\xA7\"");
}

TEST(JsonTextTest, EscapesWhatJsonAsksFor) {
  EXPECT_EQ(Json("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(Json("\n\t\r\0\x1f\x7f"sv), R"("\n\t\u000d\u0000\u001f\u007f")");
}

TEST(JsonTextTest, ReplacesEachByteThatIsNotUtf8) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(Json("a\xFF"
                 "b"),
            "\"a" + bad + "b\"");
  EXPECT_EQ(Json("\x80"), "\"" + bad + "\"");
  EXPECT_EQ(Json("\xC3"), "\"" + bad + "\"") << "cut off";
  EXPECT_EQ(Json("\xC3\""), "\"" + bad + "\\\"\"") << "the quote behind it stays escaped";
  EXPECT_EQ(Json("\xE2\x82"), "\"" + bad + bad + "\"") << "cut off";
  EXPECT_EQ(Json("\xC0\xAF"), "\"" + bad + bad + "\"") << "overlong";
  EXPECT_EQ(Json("\xE0\x9F\xBF"), "\"" + bad + bad + bad + "\"") << "overlong";
  EXPECT_EQ(Json("\xED\xA0\x80"), "\"" + bad + bad + bad + "\"") << "surrogate";
  EXPECT_EQ(Json("\xF0\x8F\xBF\xBF"), "\"" + bad + bad + bad + bad + "\"") << "overlong";
  EXPECT_EQ(Json("\xF4\x90\x80\x80"), "\"" + bad + bad + bad + bad + "\"") << "above U+10FFFF";
}

TEST(JsonTextTest, KeepsTheFirstAndLastSequenceOfEachLength) {
  for (const auto text :
       {"\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv, "\xED\x9F\xBF"sv, "\xEE\x80\x80"sv,
        "\xEF\xBF\xBF"sv, "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
    EXPECT_EQ(Json(text), "\"" + std::string(text) + "\"");
  }
}

}  // namespace
}  // namespace chaac
