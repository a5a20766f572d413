// IdHash: for tables whose keys are ids that clients chose. Seeded, so that they cannot choose ids
// that collide.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <random>
#include <string_view>

namespace chaac {

class IdHash {
 public:
  using is_avalanching = void;
  std::size_t operator()(std::string_view id) const {
    return XXH3_64bits_withSeed(id.data(), id.size(), seed_);
  }

 private:
  XXH64_hash_t seed_ = std::random_device{}();
};

}  // namespace chaac
