// RFC 4180 records, line numbers, and what is refused.
#include "report/csv.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace chaac {
namespace {

using Records = std::vector<std::vector<std::string>>;

Records ReadAll(std::string_view text) {
  CsvReader reader(text, "towns.csv");
  Records records;
  for (std::vector<std::string> fields; reader.Next(&fields);) records.push_back(fields);
  return records;
}

std::string ErrorOf(std::string_view text) {
  try {
    ReadAll(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

TEST(CsvReaderTest, ReadsRecords) {
  EXPECT_EQ(ReadAll(""), Records{});
  EXPECT_EQ(ReadAll("\n\r\n"), Records{});
  EXPECT_EQ(ReadAll("a,b\nc,d\n"), (Records{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(ReadAll("a,b\r\nc,d"), (Records{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(ReadAll("a,\n,\n\nb"), (Records{{"a", ""}, {"", ""}, {"b"}}));
  EXPECT_EQ(ReadAll("\xEF\xBB\xBF"
                    "a\n"),
            Records{{"a"}});
}

TEST(CsvReaderTest, ReadsQuotedFields) {
  EXPECT_EQ(ReadAll("\"a,b\",\"\"\n"), (Records{{"a,b", ""}}));
  EXPECT_EQ(ReadAll("\"say \"\"hi\"\"\"\n"), Records{{"say \"hi\""}});
  EXPECT_EQ(ReadAll("\"\"\"\""), Records{{"\""}});
  EXPECT_EQ(ReadAll("\"two\nlines\",x\r\n"), (Records{{"two\nlines", "x"}}));
}

TEST(CsvReaderTest, NamesTheLineOfAFault) {
  EXPECT_EQ(ErrorOf("a\nb\"c\n"),
            "towns.csv line 2: a field that holds a quote must be quoted as a whole");
  EXPECT_EQ(ErrorOf("\n\n\"a\"b\n"), "towns.csv line 3: text follows a closing quote");
  EXPECT_EQ(ErrorOf("\"a\nb\"\n\"c"), "towns.csv line 3: a quoted field is not closed");
  EXPECT_EQ(ErrorOf("a\rb\n"),
            "towns.csv line 1: a carriage return is not followed by a line feed");
}

}  // namespace
}  // namespace chaac
