// The configuration's file: the flat part of TOML, one `name = value` a line, with # comments. A
// value is a "string" with the escapes \" \\ \n \t, a 'string' without escapes, or a bare word of
// letters, digits and . _ : / , + -. Sections, arrays and repeated names are refused. (CLI11's own
// reader is not used: it knows no line numbers, cuts quoted values at # and splits them at commas.)
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace chaac {

inline constexpr std::size_t kConfigFileBytesMax = std::size_t{64} * 1024;

struct ConfigLine {
  std::size_t number;  // From 1.
  std::string name;
  std::string value;

  bool operator==(const ConfigLine&) const = default;
};

// The error says which line is wrong, how, and never repeats a value: it may be a secret.
tl::expected<std::vector<ConfigLine>, std::string> ParseConfigFile(std::string_view text);

// A whole file of at most `bytes_max` bytes. The error says why it cannot be had.
tl::expected<std::string, std::string> ReadSmallFile(const std::string& path,
                                                     std::size_t bytes_max);

}  // namespace chaac
