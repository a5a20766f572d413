// The sources of a configuration, and which of them decides each setting: flags > CHAAC_ variables
// > the original deployment's variables > the file > defaults. Start-up only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"

namespace chaac {

// By the setting's name: the texts of the flags that were given.
using Flags = std::map<std::string, std::string, std::less<>>;

struct LoadedConfig {
  Config config;
  // By the setting's name, where its value is from: "flag --port", "environment variable
  // CHAAC_PORT", "chaac.toml:3". A setting left to its default has no entry.
  std::map<std::string, std::string, std::less<>> sources;
  std::vector<std::string> warnings;
};

// Merges the sources, checks every value and their relations, and reads the password's file.
// `file`: --config's path; empty: CHAAC_CONFIG's, or none. Throws ConfigError.
LoadedConfig LoadConfig(const Flags& flags, const Environment& environment,
                        const std::string& file);

// " Did you mean X?" for the candidate nearest to `word`, or nothing when none is near.
std::string Suggestion(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace chaac
