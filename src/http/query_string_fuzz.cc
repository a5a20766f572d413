// Fuzzes the decoding of query strings. Property: what was understood, written down canonically, is
// understood as the same; a value's length is that of its text but for its escapes; what is refused
// is refused for one of the reasons that there are.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/query_string.h"

namespace {

constexpr std::array<std::string_view, 3> kKnown = {"a", "from", ""};

void Require(bool holds) {
  if (!holds) std::abort();
}

std::string Encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kDigits[byte / 16], kDigits[byte % 16]};
  }
  return encoded;
}

void CheckRefusal(const chaac::Error& refusal) {
  Require(refusal.code == chaac::ErrorCode::kMalformedUri ||
          refusal.code == chaac::ErrorCode::kInvalidParameter);
  Require(!refusal.detail.empty() && refusal.detail.size() < 256);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Exactly as large as its bytes, so that sanitizers see every overrun.
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto parsed = chaac::QueryString::Parse(text, kKnown);
  if (!parsed) {
    CheckRefusal(parsed.error());
    return 0;
  }
  std::string canonical;
  for (const std::string_view name : kKnown) {
    const auto value = parsed->Find(name);
    if (!value) continue;
    Require(value->size() <= text.size());
    Require(chaac::PercentDecode(Encoded(*value)) == std::string(*value));
    canonical += "&" + Encoded(name) + "=" + Encoded(*value);
  }
  const auto again = chaac::QueryString::Parse(canonical, kKnown);
  Require(again.has_value());
  for (const std::string_view name : kKnown) Require(parsed->Find(name) == again->Find(name));
  Require(std::count(text.begin(), text.end(), '&') >=
          std::count_if(kKnown.begin(), kKnown.end(), [&](std::string_view name) {
            return parsed->Find(name);
          }) - 1);
  return 0;
}
