// The entry: one invocation from the command line, the environment and the file.
#include "app/config.h"

#include <unistd.h>

#include <utility>

#include "app/config_command_line.h"
#include "app/config_print.h"
#include "app/config_sources.h"

namespace chaac {
namespace {

std::string Shown(const LoadedConfig& loaded, std::string_view format) {
  if (format == "json") return ConfigAsJson(loaded);
  return ConfigAsText(loaded);
}

}  // namespace

Environment ProcessEnvironment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable(*entry);
    const std::size_t equals = variable.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return environment;
}

Invocation ParseInvocation(int argc, const char* const* argv, const Environment& environment,
                           std::string_view version) {
  CommandLine line = ParseCommandLine(argc, argv, version);
  if (line.answer) return {.command = Command::kPrint, .text = *std::move(line.answer)};
  using enum CommandLine::Command;
  if (line.command == kConfig && line.format == "markdown") {
    return {.command = Command::kPrint, .text = ConfigReference()};
  }
  LoadedConfig loaded = LoadConfig(line.flags, environment, line.config_file);
  if (line.command == kConfig) {
    return {.command = Command::kPrint, .text = Shown(loaded, line.format)};
  }
  loaded.config.log.service_version = version;
  Command command = Command::kServe;
  if (line.command == kHealth) command = Command::kHealth;
  if (line.command == kLoad) command = Command::kLoad;
  return {.command = command,
          .config = std::move(loaded.config),
          .health_ready = line.ready,
          .warnings = std::move(loaded.warnings)};
}

}  // namespace chaac
