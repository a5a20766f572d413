// Catalogue: reading and checking the CSV file, and the ways to find an entry.
#include "report/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "report/csv.h"
#include "report/edit_distance.h"
#include "report/fold.h"
#include "report/text.h"

namespace chaac {

extern const std::string_view kBuiltInMunicipalitiesCsv;  // data/municipalities.csv

namespace {

static_assert(Catalogue::kEntriesMax <= std::numeric_limits<MunicipalityIndex>::max());
static_assert(kSlugBytesMax <= EditDistance::kWordBytesMax);

enum Column : std::size_t { kCode, kSlug, kName, kDepartment, kDepartmentSlug, kLat, kLon };
constexpr std::array<std::string_view, 7> kColumnNames = {
    "code", "slug", "name", "department", "department_slug", "lat", "lon"};

// Reads records by the names in the header line, whatever the order of the columns.
class EntryReader {
 public:
  EntryReader(std::string_view csv, const std::string& source) : reader_(csv, source) {
    if (!reader_.Next(&fields_)) {
      throw std::invalid_argument(fmt::format("{} is empty", source));
    }
    column_count_ = fields_.size();
    for (std::size_t i = 0; i < kColumnNames.size(); ++i) {
      const auto found = std::find(fields_.begin(), fields_.end(), kColumnNames[i]);
      if (found != fields_.end()) position_[i] = found - fields_.begin();
    }
    for (const Column column : {kSlug, kName}) {
      if (position_[column] < 0) {
        Fail(fmt::format("the header has no column {}", kColumnNames[column]));
      }
    }
  }

  // False at the end of the file.
  [[nodiscard]] bool Next(Catalogue::Entry* entry) {
    if (!reader_.Next(&fields_)) return false;
    if (fields_.size() != column_count_) {
      Fail(fmt::format("{} fields, but the header has {}", fields_.size(), column_count_));
    }
    entry->code = Text(kCode);
    entry->slug = Slug(kSlug);
    entry->name = Text(kName);
    entry->department = Text(kDepartment);
    entry->department_slug = Slug(kDepartmentSlug);
    entry->latitude_degrees = Degrees(kLat, 90);
    entry->longitude_degrees = Degrees(kLon, 180);
    if (entry->slug.empty()) Fail("slug is empty");
    if (!Fold(entry->name)) {
      Fail(fmt::format("name {} has no Latin letter, or more than {}", Quote(entry->name),
                       kSlugBytesMax));
    }
    if (entry->latitude_degrees.has_value() != entry->longitude_degrees.has_value()) {
      Fail("lat and lon must be given both or not at all");
    }
    return true;
  }

  [[noreturn]] void Fail(std::string_view what) const { reader_.Fail(what); }

 private:
  [[nodiscard]] std::string_view Raw(Column column) const {
    const std::ptrdiff_t position = position_[column];
    return position < 0 ? std::string_view() : fields_[static_cast<std::size_t>(position)];
  }

  [[nodiscard]] std::string Text(Column column) const {
    const std::string_view text = Raw(column);
    if (text.size() > Catalogue::kNameBytesMax) {
      Fail(fmt::format("{} has {} bytes; at most {} are allowed", kColumnNames[column], text.size(),
                       Catalogue::kNameBytesMax));
    }
    for (std::string_view rest = text; !rest.empty();) {
      const std::optional<char32_t> code_point = TakeCodePoint(&rest);
      if (!code_point || *code_point < 0x20) {
        Fail(fmt::format("{} {} is not UTF-8 text on one line", kColumnNames[column], Quote(text)));
      }
    }
    return std::string(text);
  }

  [[nodiscard]] std::string Slug(Column column) const {
    const std::string_view slug = Raw(column);
    if (!slug.empty() && !IsSlug(slug)) {
      Fail(fmt::format("{} {} is not a slug: 1..{} of a-z, 0-9 and single '-' between them",
                       kColumnNames[column], Quote(slug), kSlugBytesMax));
    }
    return std::string(slug);
  }

  [[nodiscard]] std::optional<double> Degrees(Column column, double limit) const {
    const std::string_view text = Raw(column);
    if (text.empty()) return std::nullopt;
    double degrees = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), degrees);
    const bool in_range = degrees >= -limit && degrees <= limit;  // False for a NaN.
    if (error != std::errc() || end != text.data() + text.size() || !in_range) {
      Fail(fmt::format("{} {} is not a number in -{}..{}", kColumnNames[column], Quote(text), limit,
                       limit));
    }
    return degrees;
  }

  CsvReader reader_;
  std::vector<std::string> fields_;
  std::size_t column_count_ = 0;
  std::array<std::ptrdiff_t, kColumnNames.size()> position_ = {-1, -1, -1, -1, -1, -1, -1};
};

}  // namespace

Catalogue Catalogue::BuiltIn() { return {kBuiltInMunicipalitiesCsv, "municipalities.csv"}; }

Catalogue Catalogue::FromFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string csv(kFileBytesMax + 1, '\0');
  if (!file.read(csv.data(), static_cast<std::streamsize>(csv.size())) && !file.eof()) {
    throw std::invalid_argument(
        fmt::format("cannot read {}: {}", path, std::generic_category().message(errno)));
  }
  csv.resize(static_cast<std::size_t>(file.gcount()));
  if (csv.size() > kFileBytesMax) {
    throw std::invalid_argument(fmt::format("{} is larger than {} bytes", path, kFileBytesMax));
  }
  return {csv, path};
}

Catalogue::Catalogue(std::string_view csv, const std::string& source) {
  EntryReader reader(csv, source);
  for (Entry entry; reader.Next(&entry);) {
    if (entries_.size() == kEntriesMax) {
      reader.Fail(fmt::format("more than {} municipalities", kEntriesMax));
    }
    const auto index = static_cast<MunicipalityIndex>(entries_.size());
    if (!by_slug_.emplace(entry.slug, index).second) {
      reader.Fail(fmt::format("slug {} was used before", entry.slug));
    }
    entries_.push_back(std::move(entry));
  }
  if (entries_.empty()) {
    throw std::invalid_argument(fmt::format("{} holds no municipality", source));
  }
  IndexNames();
}

void Catalogue::IndexNames() {
  for (const auto& [slug, index] : by_slug_) by_name_[slug] = {index};
  const auto add = [this](const std::string& name, MunicipalityIndex index) {
    if (!by_slug_.contains(name)) by_name_[name].push_back(index);  // A slug means its own entry.
  };
  folded_names_.reserve(entries_.size());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto index = static_cast<MunicipalityIndex>(i);
    const std::string& department = entries_[i].department_slug;
    const std::string& name = folded_names_.emplace_back(*Fold(entries_[i].name));
    add(name, index);
    if (!department.empty()) add(fmt::format("{}-{}", name, department), index);
  }
}

std::optional<MunicipalityIndex> Catalogue::FindSlug(std::string_view slug) const {
  const auto found = by_slug_.find(slug);
  if (found == by_slug_.end()) return std::nullopt;
  return found->second;
}

std::span<const MunicipalityIndex> Catalogue::Find(std::string_view folded_name) const {
  const auto found = by_name_.find(folded_name);
  if (found == by_name_.end()) return {};
  return found->second;
}

std::vector<std::string> Catalogue::Nearest(std::string_view folded_name) const {
  const EditDistance distance(folded_name);
  std::vector<std::pair<std::size_t, std::size_t>> ranked;  // Distance, position.
  ranked.reserve(entries_.size());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t nearest = distance.To(entries_[i].slug);
    if (folded_names_[i] != entries_[i].slug) {
      nearest = std::min(nearest, distance.To(folded_names_[i]));
    }
    ranked.emplace_back(nearest, i);
  }
  const std::size_t count = std::min(kNearestCount, ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(count),
                    ranked.end());
  std::vector<std::string> slugs;
  for (std::size_t i = 0; i < count; ++i) slugs.push_back(entries_[ranked[i].second].slug);
  return slugs;
}

}  // namespace chaac
