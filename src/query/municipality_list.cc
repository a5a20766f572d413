// Objects one behind another, and where each begins. A slug needs no escape in JSON.
#include "query/municipality_list.h"

#include <algorithm>
#include <utility>

namespace chaac {
namespace {

constexpr std::string_view kBeforeSlug = R"({"slug":")";

}  // namespace

MunicipalityList MunicipalityList::OfReporting(const MunicipalityJson& json,
                                               const std::vector<MunicipalityTotals>& totals) {
  MunicipalityList list;
  std::string object;
  for (const MunicipalityTotals& m : totals) {
    object.clear();
    json.AppendWhole(m, &object);
    list.Add(m.slug, object);
  }
  list.Close();
  return list;
}

MunicipalityList MunicipalityList::WithSilent(const MunicipalityJson& json,
                                              const MunicipalityList& reporting) {
  MunicipalityList list;
  auto next = reporting.places_.begin();
  const auto add_up_to = [&](std::string_view slug) {
    for (; next != reporting.places_.end() && reporting.SlugAt(*next) <= slug; ++next) {
      list.Add(reporting.SlugAt(*next), reporting.ObjectAt(*next));
    }
  };
  for (const MunicipalityJson::Silent& silent : json.silent()) {
    add_up_to(silent.slug);
    const bool reports = !list.places_.empty() && list.SlugAt(list.places_.back()) == silent.slug;
    if (!reports) list.Add(silent.slug, silent.object);
  }
  for (; next != reporting.places_.end(); ++next) {
    list.Add(reporting.SlugAt(*next), reporting.ObjectAt(*next));
  }
  list.Close();
  return list;
}

std::optional<std::string_view> MunicipalityList::Find(std::string_view slug) const {
  const auto found = std::lower_bound(
      places_.begin(), places_.end(), slug,
      [this](const Place& place, std::string_view wanted) { return SlugAt(place) < wanted; });
  if (found == places_.end() || SlugAt(*found) != slug) return std::nullopt;
  return ObjectAt(*found);
}

void MunicipalityList::Add(std::string_view slug, std::string_view object) {
  array_.body.push_back(places_.empty() ? '[' : ',');
  places_.push_back({.begin = static_cast<std::uint32_t>(array_.body.size()),
                     .size = static_cast<std::uint32_t>(object.size()),
                     .slug_size = static_cast<std::uint32_t>(slug.size())});
  array_.body.append(object);
}

void MunicipalityList::Close() {
  array_.body.append(places_.empty() ? "[]" : "]");
  array_ = MakeCachedBody(std::move(array_.body));
}

std::string_view MunicipalityList::ObjectAt(const Place& place) const {
  return std::string_view(array_.body).substr(place.begin, place.size);
}

std::string_view MunicipalityList::SlugAt(const Place& place) const {
  return std::string_view(array_.body).substr(place.begin + kBeforeSlug.size(), place.slug_size);
}

}  // namespace chaac
