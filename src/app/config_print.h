// The configuration for readers: `chaac config` in its three formats. Pure functions; secrets never
// appear in what they return.
#pragma once

#include <string>

#include "app/config_sources.h"

namespace chaac {

// One `name = value  # source` a line, by group: a file that --config reads again.
std::string ConfigAsText(const LoadedConfig& loaded);

// One object: {"port":{"value":8081,"source":"default"},…}.
std::string ConfigAsJson(const LoadedConfig& loaded);

// The reference of all settings and their defaults: the tables of docs/configuration.md.
std::string ConfigReference();

}  // namespace chaac
