// Cut at '&', then at the first '=', then decoded.
#include "http/query_string.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "http/syntax.h"
#include "report/text.h"

namespace chaac {
namespace {

tl::unexpected<Error> Unknown(std::string_view name, std::span<const std::string_view> known) {
  std::string detail = fmt::format("the parameter {} is unknown here", Quote(name));
  detail += known.empty() ? "; none is taken" : fmt::format("; known: {}", fmt::join(known, ", "));
  return Fail(ErrorCode::kInvalidParameter, std::move(detail), {known.begin(), known.end()});
}

}  // namespace

Result<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigitOf(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigitOf(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return Fail(ErrorCode::kMalformedUri,
                  fmt::format("{} holds a % without two hexadecimal digits; a % itself is %25",
                              Quote(text)));
    }
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

Result<QueryString> QueryString::Parse(std::string_view query,
                                       std::span<const std::string_view> known) {
  QueryString parsed;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    Result<std::string> name = PercentDecode(pair.substr(0, equals));
    if (!name) return tl::unexpected(name.error());
    if (std::find(known.begin(), known.end(), *name) == known.end()) return Unknown(*name, known);
    if (parsed.Find(*name)) {
      return Fail(ErrorCode::kMalformedUri,
                  fmt::format("the parameter {} is given twice; which one counts is not for us to "
                              "guess",
                              Quote(*name)));
    }
    Result<std::string> value = PercentDecode(pair.substr(std::min(equals + 1, pair.size())));
    if (!value) return tl::unexpected(value.error());
    parsed.parameters_.push_back({std::move(*name), std::move(*value)});
  }
  return parsed;
}

std::optional<std::string_view> QueryString::Find(std::string_view name) const {
  const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                  [&](const Parameter& p) { return p.name == name; });
  if (found == parameters_.end()) return std::nullopt;
  return found->value;
}

}  // namespace chaac
