// Lists of names, each with parameters, of which q is the weight.
#include "http/accept.h"

#include <optional>

#include "http/syntax.h"

namespace chaac {
namespace {

constexpr int kWeightMax = 1'000;  // q=1; weights have at most three decimals.

// In thousandths: "0.5" is 500. 0 for what is no weight.
int ReadWeight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
  int weight = (text[0] - '0') * kWeightMax;
  if (text.size() == 1) return weight;
  if (text[1] != '.') return 0;
  int place = kWeightMax / 10;
  for (const char digit : text.substr(2)) {
    if (digit < '0' || digit > '9') return 0;
    weight += (digit - '0') * place;
    place /= 10;
  }
  return weight <= kWeightMax ? weight : 0;
}

// The weight of the list's element `name`, if it is in the list.
std::optional<int> WeightOf(std::string_view name, std::string_view list) {
  while (!list.empty()) {
    std::string_view element = TakeElement(',', &list);
    if (!EqualsIgnoringCase(TakeElement(';', &element), name)) continue;
    while (!element.empty()) {
      std::string_view parameter = TakeElement(';', &element);
      if (EqualsIgnoringCase(TakeElement('=', &parameter), "q"))
        return ReadWeight(TrimWhitespace(parameter));
    }
    return kWeightMax;
  }
  return std::nullopt;
}

}  // namespace

ContentCoding ChooseCoding(std::string_view accept_encoding) {
  const auto any = WeightOf("*", accept_encoding);
  const auto named = WeightOf("gzip", accept_encoding);
  const int gzip = (named ? named : WeightOf("x-gzip", accept_encoding)).value_or(any.value_or(0));
  const int identity = WeightOf("identity", accept_encoding).value_or(any.value_or(0));
  return gzip > 0 && gzip >= identity ? ContentCoding::kGzip : ContentCoding::kIdentity;
}

bool PrefersHtml(std::string_view accept) {
  const int html = WeightOf("text/html", accept).value_or(0);
  return html > 0 && html >= WeightOf("application/json", accept).value_or(0);
}

}  // namespace chaac
