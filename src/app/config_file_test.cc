// Files that are read, and files that are refused with their line.
#include "app/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace chaac {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<ConfigLine> Lines(std::string_view text) {
  auto lines = ParseConfigFile(text);
  EXPECT_TRUE(lines) << lines.error();
  return std::move(lines).value_or(std::vector<ConfigLine>{});
}

TEST(ConfigFileTest, ReadsNamesAndValuesWithTheirLines) {
  EXPECT_EQ(Lines("# Chaac\n"
                  "\n"
                  "port = 8082\n"
                  "  listen-host=127.0.0.1 # behind\r\n"
                  "\t# indented\n"
                  "valkey-url = valkey://a.example:1/2\n"
                  "log_level = info"),
            (std::vector<ConfigLine>{{3, "port", "8082"},
                                     {4, "listen-host", "127.0.0.1"},
                                     {6, "valkey-url", "valkey://a.example:1/2"},
                                     {7, "log_level", "info"}}));
  EXPECT_TRUE(Lines("").empty());
  EXPECT_TRUE(Lines("\n\n#").empty());
}

TEST(ConfigFileTest, QuotesKeepEverythingBetweenThem) {
  EXPECT_EQ(Lines(R"(a = "demo: New York, 2013 # not a comment"  # a comment)"
                  "\n"
                  R"(b = "\"\\\n\t'")"
                  "\n"
                  R"(c = 'a\n"b')"
                  "\n"
                  R"(d = "")"
                  "\n"
                  "e = \"Amatitl\xC3\xA1n\""),
            (std::vector<ConfigLine>{{1, "a", "demo: New York, 2013 # not a comment"},
                                     {2, "b", "\"\\\n\t'"},
                                     {3, "c", R"(a\n"b)"},
                                     {4, "d", ""},
                                     {5, "e", "Amatitl\xC3\xA1n"}}));
}

// Every refused file holds "hunter2" as a value that may be a secret.
TEST(ConfigFileTest, RefusalsNameTheLineAndTheReasonButNoValue) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"port\n", "line 1: it is not name = value"},
      {"\n\nport 8081\n", "line 3: it is not name = value"},
      {"= 1", "line 1: it is not name = value"},
      {"hunter2", "line 1: it is not name = value"},
      {"[server]\nport = 1", "line 1: sections are not used"},
      {"port =", "line 1: the value is missing"},
      {"port = # 1", "line 1: the value is missing"},
      {"conditions = [\"hunter2\"]", "line 1: the value is missing"},
      {"notice = hunter2 hunter2", "line 1: a value with blanks"},
      {"valkey-password = hunter2#1", "line 1: a value with blanks or other signs than"},
      {"valkey-password = hunter2!", "line 1: a value with blanks or other signs than"},
      {"valkey-password = 'hunter2", "line 1: the closing quote is missing"},
      {"valkey-password = \"hunter2\\\"", "line 1: the closing quote is missing"},
      {"valkey-password = \"hunter2\\", "line 1: a \\ in a \"string\" is followed by"},
      {"valkey-password = \"\\hunter2\"", "line 1: a \\ in a \"string\" is followed by"},
      {"valkey-password = \"a\" hunter2", "line 1: a value with blanks"},
      {"port = 1\n\nport = 2", "line 3: port is already set in line 1"},
  };
  for (const auto& [text, reason] : cases) {
    const auto lines = ParseConfigFile(text);
    ASSERT_FALSE(lines) << text;
    EXPECT_THAT(lines.error(), HasSubstr(reason)) << text;
    EXPECT_THAT(lines.error(), Not(HasSubstr("hunter2"))) << text;
  }
}

class SmallFileTest : public ::testing::Test {
 protected:
  ~SmallFileTest() override { std::remove(path_.c_str()); }

  void Write(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }

  const std::string path_ = ::testing::TempDir() + "chaac_small_file_test";
};

TEST_F(SmallFileTest, ReadsUpToTheLimit) {
  Write(std::string("a\0b\n", 4));
  EXPECT_EQ(ReadSmallFile(path_, 4), std::string("a\0b\n", 4));
  const auto refused = ReadSmallFile(path_, 3);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "it has more than 3 bytes");
}

TEST_F(SmallFileTest, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(ReadSmallFile(path_, 4).error(), "No such file or directory");
  EXPECT_EQ(ReadSmallFile(::testing::TempDir(), 4).error(), "Is a directory");
}

}  // namespace
}  // namespace chaac
