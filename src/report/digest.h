// Digest: 64 bits that tell whether two reports under one client id are the same report. They are
// kept in the store, so the form they are taken from never changes under its version.
//
// Form 1, hashed with XXH3 (64 bits, no seed); integers little-endian:
//   1 byte    version, 1
//   1 byte    length of the municipality's slug, then the slug
//   1 byte    length of the condition's slug (0: none), then the slug
//   1 byte    bit 0: a temperature follows, bit 1: a humidity follows
//   0..16     those values, each IEEE 754 binary64; -0 is written as 0
//   8 bytes   observed_at, milliseconds since the Unix epoch; 0: not given
// Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "report/report.h"

namespace chaac {

// The digest of `report`, whose indices stand for these slugs (condition: empty when there is
// none). Equal in every process, on every machine. REQUIRES: both are at most kSlugBytesMax long.
[[nodiscard]] std::uint64_t DigestOf(const Report& report, std::string_view municipality,
                                     std::string_view condition);

}  // namespace chaac
