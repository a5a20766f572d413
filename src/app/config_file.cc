// The configuration file: name = value lines, unknown names refused.
#include "app/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <system_error>

namespace chaac {
namespace {

using Unexpected = tl::unexpected<std::string>;
constexpr std::string_view kBlank = " \t";

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsBare(char c) {
  return IsAlphanumeric(c) || std::string_view("._:/,+-").find(c) != std::string_view::npos;
}

void SkipBlank(std::string_view* text) {
  text->remove_prefix(std::min(text->find_first_not_of(kBlank), text->size()));
}

template <typename Predicate>
std::string_view TakeWhile(std::string_view* text, Predicate predicate) {
  const auto end = std::find_if_not(text->begin(), text->end(), predicate);
  const auto taken = text->substr(0, static_cast<std::size_t>(end - text->begin()));
  text->remove_prefix(taken.size());
  return taken;
}

std::optional<char> Unescaped(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case 'n':
      return '\n';
    case 't':
      return '\t';
    default:
      return std::nullopt;
  }
}

// REQUIRES: `*text` starts with a quote.
tl::expected<std::string, std::string> TakeQuoted(std::string_view* text) {
  const char quote = text->front();
  text->remove_prefix(1);
  std::string value;
  while (!text->empty()) {
    char c = text->front();
    text->remove_prefix(1);
    if (c == quote) return value;
    if (c == '\\' && quote == '"') {
      const auto unescaped = text->empty() ? std::nullopt : Unescaped(text->front());
      if (!unescaped) {
        return Unexpected(R"(a \ in a "string" is followed by ", \, n or t)");
      }
      c = *unescaped;
      text->remove_prefix(1);
    }
    value += c;
  }
  return Unexpected("the closing quote is missing");
}

tl::expected<std::string, std::string> TakeValue(std::string_view* text) {
  if (text->starts_with('"') || text->starts_with('\'')) return TakeQuoted(text);
  const std::string_view bare = TakeWhile(text, IsBare);
  if (bare.empty()) return Unexpected("the value is missing; the empty one is written \"\"");
  return std::string(bare);
}

// nullopt: nothing but blanks and a comment.
tl::expected<std::optional<ConfigLine>, std::string> ParseLine(std::string_view text) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  SkipBlank(&text);
  if (text.empty() || text.front() == '#') return std::nullopt;
  if (text.front() == '[') return Unexpected("sections are not used; write name = value");
  const std::string_view name =
      TakeWhile(&text, [](char c) { return IsAlphanumeric(c) || c == '-' || c == '_'; });
  SkipBlank(&text);
  if (name.empty() || !text.starts_with('=')) return Unexpected("it is not name = value");
  text.remove_prefix(1);
  SkipBlank(&text);
  auto value = TakeValue(&text);
  if (!value) return Unexpected(value.error());
  // A # right behind a value may be meant as a part of it: of a password, say.
  const bool ends_here = text.empty() || kBlank.find(text.front()) != std::string_view::npos;
  SkipBlank(&text);
  if (!ends_here || (!text.empty() && text.front() != '#')) {
    return Unexpected("a value with blanks or other signs than . _ : / , + - stands in quotes");
  }
  return ConfigLine{0, std::string(name), *std::move(value)};
}

}  // namespace

tl::expected<std::vector<ConfigLine>, std::string> ParseConfigFile(std::string_view text) {
  std::vector<ConfigLine> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    auto line = ParseLine(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line) return Unexpected(fmt::format("line {}: {}", number, line.error()));
    if (!*line) continue;
    const auto earlier = std::find_if(lines.begin(), lines.end(), [&line](const ConfigLine& other) {
      return other.name == (*line)->name;
    });
    if (earlier != lines.end()) {
      return Unexpected(fmt::format("line {}: {} is already set in line {}", number, earlier->name,
                                    earlier->number));
    }
    (*line)->number = number;
    lines.push_back(**std::move(line));
  }
  return lines;
}

tl::expected<std::string, std::string> ReadSmallFile(const std::string& path,
                                                     std::size_t bytes_max) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             std::fclose);
  if (!file) return Unexpected(std::generic_category().message(errno));
  std::string text(bytes_max + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) return Unexpected(std::generic_category().message(errno));
  if (text.size() > bytes_max)
    return Unexpected(fmt::format("it has more than {} bytes", bytes_max));
  return text;
}

}  // namespace chaac
