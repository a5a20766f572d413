// The command line: which command is meant, and the texts of its flags. CLI11 parses and prints
// help; values are checked later, with those of the other sources. Start-up only; throws
// ConfigError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/config_sources.h"

namespace chaac {

struct CommandLine {
  enum class Command : std::uint8_t { kServe, kLoad, kConfig, kHealth };

  std::optional<std::string> answer;  // Help or the version was asked for: this is it.
  Command command = Command::kServe;
  Flags flags;
  std::string config_file;
  std::string format = "text";  // Of kConfig: text, json, markdown.
  bool ready = false;           // Of kHealth.
};

CommandLine ParseCommandLine(int argc, const char* const* argv, std::string_view version);

}  // namespace chaac
