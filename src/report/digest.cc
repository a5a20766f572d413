// Digest: writes form 1 to the stack and hashes it.
#include "report/digest.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <optional>

#include "report/fold.h"

namespace chaac {
namespace {

constexpr std::uint8_t kVersion = 1;

class Form {
 public:
  void Add(std::uint8_t byte) { bytes_[size_++] = byte; }

  void Add(std::string_view slug) {
    assert(slug.size() <= kSlugBytesMax);
    Add(static_cast<std::uint8_t>(slug.size()));
    std::copy(slug.begin(), slug.end(), bytes_.begin() + size_);
    size_ += slug.size();
  }

  void Add(std::uint64_t number) {
    for (unsigned shift = 0; shift < 64; shift += 8)
      Add(static_cast<std::uint8_t>(number >> shift));
  }

  void Add(std::optional<double> value) {
    if (value) Add(std::bit_cast<std::uint64_t>(*value + 0.0));  // -0 + 0 is 0.
  }

  [[nodiscard]] std::uint64_t Hash() const { return XXH3_64bits(bytes_.data(), size_); }

 private:
  std::array<std::uint8_t, 2 * (1 + kSlugBytesMax) + 2 + 3 * sizeof(std::uint64_t)> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace

std::uint64_t DigestOf(const Report& report, std::string_view municipality,
                       std::string_view condition) {
  const unsigned has_temperature = report.temperature_celsius ? 1 : 0;
  const unsigned has_humidity = report.humidity_percent ? 2 : 0;
  Form form;
  form.Add(kVersion);
  form.Add(municipality);
  form.Add(condition);
  form.Add(static_cast<std::uint8_t>(has_temperature | has_humidity));
  form.Add(report.temperature_celsius);
  form.Add(report.humidity_percent);
  form.Add(static_cast<std::uint64_t>(report.observed_at_ms));
  return form.Hash();
}

}  // namespace chaac
