// CsvReader: RFC 4180 text, record by record. Our own, as it is small: the parsers that Debian
// packages are unmaintained C (libcsv) or know no line breaks inside quotes (fccp).
#include "report/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace chaac {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // Spreadsheets write one.

}  // namespace

CsvReader::CsvReader(std::string_view text, std::string source)
    : rest_(text), source_(std::move(source)) {
  if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
}

bool CsvReader::Next(std::vector<std::string>* fields) {
  fields->clear();
  while (rest_.starts_with('\n') || rest_.starts_with("\r\n")) EndLine();
  record_line_ = next_line_;
  if (rest_.empty()) return false;
  fields->push_back(TakeField());
  while (rest_.starts_with(',')) {
    rest_.remove_prefix(1);
    fields->push_back(TakeField());
  }
  if (!rest_.empty()) EndLine();
  return true;
}

void CsvReader::Fail(std::string_view what) const {
  throw std::invalid_argument(fmt::format("{} line {}: {}", source_, record_line_, what));
}

std::string CsvReader::TakeField() {
  if (rest_.starts_with('"')) return TakeQuoted();
  const std::size_t length = std::min(rest_.find_first_of(",\"\r\n"), rest_.size());
  std::string field(rest_.substr(0, length));
  rest_.remove_prefix(length);
  if (rest_.starts_with('"')) Fail("a field that holds a quote must be quoted as a whole");
  return field;
}

std::string CsvReader::TakeQuoted() {
  std::string field;
  do {
    rest_.remove_prefix(1);  // The opening quote, or the second of a doubled one.
    const std::size_t length = rest_.find('"');
    if (length == std::string_view::npos) Fail("a quoted field is not closed");
    field += rest_.substr(0, length);
    rest_.remove_prefix(length + 1);
    if (rest_.starts_with('"')) field += '"';
  } while (rest_.starts_with('"'));
  if (!rest_.empty() && rest_.find_first_of(",\r\n") != 0) Fail("text follows a closing quote");
  next_line_ += static_cast<std::size_t>(std::count(field.begin(), field.end(), '\n'));
  return field;
}

void CsvReader::EndLine() {
  if (rest_.starts_with('\r')) rest_.remove_prefix(1);
  if (!rest_.starts_with('\n')) Fail("a carriage return is not followed by a line feed");
  rest_.remove_prefix(1);
  ++next_line_;
}

}  // namespace chaac
