// The function library that every commit runs in the store: chaac.lua, embedded at build time.
#pragma once

#include <string_view>

#include "store/resp.h"

namespace chaac {

extern const std::string_view kLibraryCode;
inline constexpr std::string_view kLibraryName = "chaac_v1";

// The answer to the call of a function that the store does not have.
inline bool IsFunctionMissing(const redisReply& reply) {
  return IsError(reply) && TextOf(reply).starts_with("ERR Function not found");
}

}  // namespace chaac
