// The refusal that all readers of HTTP share. Pure.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace chaac {

// 400: what was read is not HTTP/1.1, or two readers could read it differently.
inline Error MalformedHttp(std::string detail) {
  return {ErrorCode::kMalformedHttp, std::move(detail), {}};
}

}  // namespace chaac
