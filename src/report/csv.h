// CsvReader: RFC 4180 text, record by record; LF or CRLF ends a line. Strict: a quote inside an
// unquoted field, or text behind a closing quote, is refused. For files read at start-up: throws.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chaac {

class CsvReader {
 public:
  // `text` outlives the reader. `source` names it in errors: "towns.csv line 12: …".
  CsvReader(std::string_view text, std::string source);

  // Replaces `*fields` by those of the next record that is not an empty line; false when none is
  // left. Throws std::invalid_argument.
  [[nodiscard]] bool Next(std::vector<std::string>* fields);

  // Throws std::invalid_argument that names the line on which the latest record began.
  [[noreturn]] void Fail(std::string_view what) const;

 private:
  std::string TakeField();
  std::string TakeQuoted();
  void EndLine();

  std::string_view rest_;
  std::string source_;
  std::size_t next_line_ = 1;
  std::size_t record_line_ = 1;
};

}  // namespace chaac
