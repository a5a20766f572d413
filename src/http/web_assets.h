// The files of the page, embedded at build time from web/dist by cmake/WebAssets.cmake. Constant.
#pragma once

#include <span>
#include <string_view>

namespace chaac {

struct WebAsset {
  std::string_view path;  // "/", "/docs", "/favicon.svg" or "/assets/NAME-HASH.EXT".
  std::string_view content_type;
  std::string_view gzip;  // Empty: compressed it would not be smaller.
  std::string_view identity;
};

// Those of the library that this program is linked with.
std::span<const WebAsset> WebAssets();

}  // namespace chaac
