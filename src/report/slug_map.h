// SlugMap: a hash map by slug that is searched with a std::string_view, without a copy.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace chaac {

struct SlugHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view slug) const {
    return std::hash<std::string_view>{}(slug);
  }
};

// Keys stay where they are while the map grows or moves.
template <typename Value>
using SlugMap = std::unordered_map<std::string, Value, SlugHash, std::equal_to<>>;

}  // namespace chaac
