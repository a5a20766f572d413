// chaac: the command line.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "app/config.h"
#include "app/health_command.h"
#include "app/serve.h"
#include "app/stop_signals.h"
#include "base/log.h"
#include "base/version.h"
#include "http/web_assets.h"

namespace {

int Run(const chaac::Invocation& invocation) {
  switch (invocation.command) {
    case chaac::Command::kPrint:
      std::fputs(invocation.text.c_str(), stdout);
      return EXIT_SUCCESS;
    case chaac::Command::kHealth:
      return chaac::HealthCommand(invocation.config.admin, invocation.health_ready);
    case chaac::Command::kLoad:
      return chaac::LoadLibrary(invocation.config);
    case chaac::Command::kServe:
      break;
  }
  chaac::StartLogging(invocation.config.log);
  for (const std::string& warning : invocation.warnings) chaac::LogWarning(warning);
  const chaac::StopSignals stop_signals;  // Before any thread starts.
  try {
    return chaac::Serve(invocation.config, chaac::WebAssets(), stop_signals);
  } catch (const chaac::ConfigError&) {
    throw;
  } catch (const std::exception& error) {  // Start-up only; once serving, errors are values.
    chaac::LogError("the server cannot start", {{"error.message", error.what()}});
    return EXIT_FAILURE;
  }
}

}  // namespace

int main(int argc, char** argv) try {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL and logs write to what may be closed: an error, no end.
  return Run(chaac::ParseInvocation(argc, argv, chaac::ProcessEnvironment(), chaac::kVersion));
} catch (const chaac::ConfigError& error) {
  std::fprintf(stderr, "chaac: %s\n", error.what());
  return chaac::kExitUsage;
} catch (const std::exception& error) {
  std::fprintf(stderr, "chaac: %s\n", error.what());
  return EXIT_FAILURE;
}
