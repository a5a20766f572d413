// One sentence for each way a text can fail to be JSON; and simdjson agrees that each does.
#include "report/malformed_json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <utility>
#include <vector>

namespace chaac {
namespace {

constexpr std::size_t kDepthMax = 8;
using Cases = std::vector<std::pair<std::string, std::string>>;

void ExpectExplained(const Cases& cases) {
  for (const auto& [text, sentence] : cases) {
    simdjson::dom::parser parser;
    ASSERT_EQ(parser.allocate(text.size() + 64, kDepthMax + 1), simdjson::SUCCESS);
    simdjson::dom::element root;
    const bool has_mark = text.starts_with("\xEF\xBB\xBF");  // Skipped by newer versions.
    EXPECT_TRUE(has_mark || parser.parse(text).get(root) != simdjson::SUCCESS) << text;
    EXPECT_EQ(ExplainMalformedJson(text, kDepthMax), sentence) << text;
  }
}

std::string Unclosed(std::string_view what, std::size_t begin, std::size_t end) {
  return fmt::format(
      "the text ends before the {} that begins at offset {} is closed (at offset {})", what, begin,
      end);
}

TEST(MalformedJsonTest, Endings) {
  const std::string empty = "the JSON text is empty; a weather report is expected";
  ExpectExplained({
      {"", empty},
      {" \r\n\t", empty},
      {"{", Unclosed("object", 0, 1)},
      {"[1, {\"a\": [2]", Unclosed("object", 4, 13)},
      {"[1, {\"a\": [2 \n", Unclosed("array", 10, 14)},
      {"[1,", Unclosed("array", 0, 3)},
      {"{\"a\"", Unclosed("object", 0, 4)},
      {"{\"a\":", Unclosed("object", 0, 5)},
      {R"({"municipality":"mixco","temperature":21)", Unclosed("object", 0, 40)},
      {R"({"a":"b)", Unclosed("string", 5, 7)},
      {R"({"a":"b\"})", Unclosed("string", 5, 10)},
      {R"({"a":"b\)", Unclosed("string", 5, 8)},
      {"{} {}",
       "there is more text behind the JSON value; send several reports as one array, or one a line "
       "as application/x-ndjson (at offset 3)"},
      {"{}}",
       "there is more text behind the JSON value; send several reports as one array, or one a line "
       "as application/x-ndjson (at offset 2)"},
  });
}

TEST(MalformedJsonTest, Structure) {
  ExpectExplained({
      {"{a:1}", "a key in double quotes is expected, not \"a\" (at offset 1)"},
      {"{'a':1}", "a key in double quotes is expected, not \"'\" (at offset 1)"},
      {"{\"a\" 1}", "':' behind a key is expected, not \"1\" (at offset 5)"},
      {"{\"a\":1,}", "a key in double quotes is expected, not \"}\" (at offset 7)"},
      {"{,}", "a key in double quotes is expected, not \",\" (at offset 1)"},
      {"{\"a\":}", "a value is expected, not \"}\" (at offset 5)"},
      {R"({"a":1 "b":2})", R"(',' or '}' is expected, not """ (at offset 7))"},
      {"[1 2]", "',' or ']' is expected, not \"2\" (at offset 3)"},
      {"[1,]", "a value is expected, not \"]\" (at offset 3)"},
      {"[1}", "',' or ']' is expected, not \"}\" (at offset 2)"},
      {"[1,,2]", "a value is expected, not \",\" (at offset 3)"},
      {"]", "a value is expected, not \"]\" (at offset 0)"},
      {"[ñ]", "a value is expected, not \"ñ\" (at offset 1)"},
      {"[// no\n1]", "a value is expected, not \"/\" (at offset 1)"},
      {"[[[[[[[[[1]]]]]]]]]", "arrays and objects are nested deeper than 8 levels (at offset 8)"},
  });
}

TEST(MalformedJsonTest, Numbers) {
  Cases cases = {
      {"[1e999]", "the number \"1e999\" is too large (at offset 1)"},
      {"[-1E+999]", "the number \"-1E+999\" is too large (at offset 1)"},
      {"[18446744073709551616]", "the number \"18446744073709551616\" is too large (at offset 1)"},
      {"[-9223372036854775809]", "the number \"-9223372036854775809\" is too large (at offset 1)"},
  };
  for (const std::string word :
       {"NaN",   "nan",  "Infinity", "-Infinity", "undefined", "None", "True", "nul",
        "truee", "01",   "-",        "-a",        "1.",        ".5",   "+5",   "1e",
        "1e+",   "0x1F", "1_000",    "--1",       "1.2.3",     "25C"}) {
    cases.emplace_back("{\"temperature\":" + word + "}",
                       '"' + word + "\" is not a JSON value (at offset 15)");
  }
  ExpectExplained(cases);
}

TEST(MalformedJsonTest, WhatIsNotTooLargeIsNotBlamed) {
  const std::string_view text = "[18446744073709551615,-9223372036854775808,1e308,1e-999,1E-999 x]";
  EXPECT_EQ(ExplainMalformedJson(text, kDepthMax),
            "',' or ']' is expected, not \"x\" (at offset 63)");
}

TEST(MalformedJsonTest, Strings) {
  ExpectExplained({
      {"[\"a\nb\"]", "the control character 0x0A in a string must be escaped (at offset 3)"},
      {"[\"\x1F\"]", "the control character 0x1F in a string must be escaped (at offset 2)"},
      {R"(["\q"])", R"("\q" is not an escape that JSON knows (at offset 2))"},
      {R"(["\u12G4"])", "\\u must be followed by four hexadecimal digits (at offset 2)"},
      {R"(["\u12"])", "\\u must be followed by four hexadecimal digits (at offset 2)"},
      {R"(["\ud83d"])", "half of a surrogate pair stands alone (at offset 2)"},
      {R"(["\ud83d\u0041"])", "half of a surrogate pair stands alone (at offset 2)"},
      {"[\"caf\xE9\"]", "the text is not valid UTF-8 (at offset 5)"},
      {"[\"\xC0\xAF\"]", "the text is not valid UTF-8 (at offset 2)"},
      {"[\"\xED\xA0\x80\"]", "the text is not valid UTF-8 (at offset 2)"},
      {"[\xFF]", "the text is not valid UTF-8 (at offset 1)"},
      {std::string("[\0]", 3), "a NUL byte is not allowed in JSON (at offset 1)"},
      {std::string("{\"a\0b\":1}", 9), "a NUL byte is not allowed in JSON (at offset 3)"},
      {std::string("{}\0", 3), "a NUL byte is not allowed in JSON (at offset 2)"},
      {"\xEF\xBB\xBF{}", "the JSON text begins with a byte order mark; send UTF-8 without one"},
  });
}

}  // namespace
}  // namespace chaac
