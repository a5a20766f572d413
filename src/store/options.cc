// The settings of the store as the one string that chaac.lua parses.
#include "store/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace chaac {

std::string OptionsText(const StoreOptions& options) {
  return fmt::format("{} {} {} {} {} {} {}", options.data_ttl.count(), options.series_ttl.count(),
                     options.fence_ttl.count(), options.list_length_max, options.municipalities_max,
                     options.client_ids_max, fmt::join(options.conditions, ","));
}

std::string FenceKey(std::string_view writer) { return std::string(kFencePrefix).append(writer); }

}  // namespace chaac
