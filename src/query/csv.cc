// Quotes and apostrophes.
#include "query/csv.h"

namespace chaac {

void AppendCsvCell(std::string_view text, std::string* out) {
  const bool guarded =
      !text.empty() && std::string_view("=+-@'\t\r").find(text.front()) != std::string_view::npos;
  const bool quoted = text.find_first_of("\",\r\n") != std::string_view::npos;
  if (quoted) out->push_back('"');
  if (guarded) out->push_back('\'');
  for (const char c : text) {
    if (c == '"') out->push_back('"');
    out->push_back(c);
  }
  if (quoted) out->push_back('"');
}

}  // namespace chaac
