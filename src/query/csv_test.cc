// Cells that must be quoted, and cells that a spreadsheet would run.
#include "query/csv.h"

#include <gtest/gtest.h>

#include <vector>

#include "report/csv.h"

namespace chaac {
namespace {

std::string Cell(std::string_view text) {
  std::string cell;
  AppendCsvCell(text, &cell);
  return cell;
}

TEST(CsvCellTest, IsQuotedWhereItMustBe) {
  EXPECT_EQ(Cell(""), "");
  EXPECT_EQ(Cell("station-7#12"), "station-7#12");
  EXPECT_EQ(Cell("a,b"), "\"a,b\"");
  EXPECT_EQ(Cell("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(Cell("a\r\nb"), "\"a\r\nb\"");
  EXPECT_EQ(Cell("a=b"), "a=b");
}

TEST(CsvCellTest, IsNeverAFormula) {
  EXPECT_EQ(Cell("=1+1"), "'=1+1");
  EXPECT_EQ(Cell("+1"), "'+1");
  EXPECT_EQ(Cell("-1"), "'-1");
  EXPECT_EQ(Cell("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(Cell("\t=1"), "'\t=1");
  EXPECT_EQ(Cell("\r=1"), "\"'\r=1\"");
  EXPECT_EQ(Cell("=1,\"2\""), "\"'=1,\"\"2\"\"\"");
  EXPECT_EQ(Cell("'x"), "''x");
}

TEST(CsvCellTest, IsReadBack) {
  const std::vector<std::string> texts = {"a", "=1,2", "'", "say \"x\"", "-", "@@", "", "b\r\nc"};
  std::string line;
  for (const std::string& text : texts) {
    if (!line.empty()) line += ',';
    AppendCsvCell(text, &line);
  }
  CsvReader reader(line, "test");
  std::vector<std::string> fields;
  ASSERT_TRUE(reader.Next(&fields));
  ASSERT_EQ(fields.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(fields[i].starts_with('\'') ? fields[i].substr(1) : fields[i], texts[i]);
  }
}

}  // namespace
}  // namespace chaac
