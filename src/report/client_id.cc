// Client ids: which are allowed.
#include "report/client_id.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/server_id.h"
#include "report/text.h"

namespace chaac {
namespace {

bool IsAllowed(char byte) { return byte > 0x20 && byte < 0x7F && byte != '"' && byte != '\\'; }

}  // namespace

Result<void> CheckClientId(std::string_view what, std::string_view id, std::size_t bytes_max) {
  if (id.empty() || id.size() > bytes_max) {
    return Fail(ErrorCode::kInvalidId, fmt::format("{} has {} characters; 1 to {} are allowed",
                                                   what, id.size(), bytes_max));
  }
  if (!std::all_of(id.begin(), id.end(), IsAllowed)) {
    return Fail(ErrorCode::kInvalidId,
                fmt::format("{} {} holds more than printable ASCII without spaces, '\"' and '\\'",
                            what, Quote(id)));
  }
  if (id.starts_with(kServerIdPrefix)) {
    return Fail(ErrorCode::kInvalidId,
                fmt::format("{} {} begins with {}, as only the server's own ids do", what,
                            Quote(id), kServerIdPrefix));
  }
  return {};
}

}  // namespace chaac
