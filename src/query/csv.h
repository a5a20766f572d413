// Cells of CSV (RFC 4180) that are safe to open in a spreadsheet. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace chaac {

// Appends `text` as a cell: in double quotes where it must be. A spreadsheet would run a cell that
// begins with = + - or @, also behind a tab or a carriage return, and ids of clients may begin so:
// such a cell, and one that begins with an apostrophe itself, gets an apostrophe in front. Whoever
// reads it back takes one leading apostrophe away. Not for numbers.
void AppendCsvCell(std::string_view text, std::string* out);

}  // namespace chaac
