// The lines of INFO.
#include "store/info.h"

namespace chaac {

std::string_view InfoValue(std::string_view info, std::string_view name) {
  for (std::size_t at = info.find(name); at != std::string_view::npos;
       at = info.find(name, at + 1)) {
    const bool begins_line = at == 0 || info[at - 1] == '\n';
    const std::size_t colon = at + name.size();
    if (!begins_line || colon >= info.size() || info[colon] != ':') continue;
    const std::size_t end = info.find_first_of("\r\n", colon);
    return info.substr(colon + 1, end == std::string_view::npos ? end : end - colon - 1);
  }
  return {};
}

}  // namespace chaac
