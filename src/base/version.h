// The version of this build, from CMakeLists.txt.
#pragma once

#include <string_view>

namespace chaac {

inline constexpr std::string_view kVersion = CHAAC_VERSION;

}  // namespace chaac
