// Commands and flags, through CLI11; wrong ones are named with what is near.
#include "app/config_command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "app/config_schema.h"
#include "report/text.h"

namespace chaac {
namespace {

constexpr std::size_t kColumnsMax = 80;
constexpr std::size_t kProseIndent = 6;
constexpr std::string_view kGeneral = "General";
constexpr std::array<std::string_view, 3> kFormats = {"text", "json", "markdown"};

constexpr std::string_view kDescription =
    "Chaac stores weather reports exactly once in Valkey and serves live statistics.";
constexpr std::string_view kFooter =
    "A flag --some-name may be a variable CHAAC_SOME_NAME or a line of --config, too.\n"
    "\n"
    "Start a server, send it a report, read it back:\n"
    "  chaac serve --valkey-url valkey://127.0.0.1:6379\n"
    "  curl 127.0.0.1:8081/api/weather -H 'Content-Type: application/json' \\\n"
    "    -d '{\"municipality\":\"mixco\",\"temperature\":21}'\n"
    "  curl 127.0.0.1:8081/stats\n";
constexpr std::string_view kServeFooter =
    "Every flag --some-name can also be the environment variable CHAAC_SOME_NAME or a\n"
    "line some-name = value in the file of --config. Examples:\n"
    "  chaac serve --valkey-url unix:///run/valkey/valkey.sock --log-format text\n"
    "  CHAAC_VALKEY_URL=valkeys://chaac@store:6379 chaac serve \\\n"
    "      --valkey-password-file /run/secrets/valkey\n"
    "  chaac config > chaac.toml; chaac serve --config chaac.toml --port 80\n";
constexpr std::string_view kConfigFooter =
    "Takes the flags of chaac serve and prints what a server started with them would\n"
    "use, and where each value is from. Secrets are hidden. Examples:\n"
    "  chaac config > chaac.toml                            # a file to start from\n"
    "  CHAAC_PORT=80 chaac config --format json | jq .port  # which source wins?\n";
constexpr std::string_view kLoadFooter =
    "For stores whose server's user may not load functions (deploy/valkey/users.acl):\n"
    "run it once before the servers, as the user that may. Exit status 0: the library\n"
    "is there. Example:\n"
    "  chaac load --valkey-url valkey://loader@store:6379 \\\n"
    "      --valkey-password-file /run/secrets/loader\n";
constexpr std::string_view kHealthFooter =
    "Exit status 0: yes; 1: no, or no answer. Examples:\n"
    "  chaac health --ready && echo takes reports\n"
    "  HEALTHCHECK CMD [\"chaac\", \"health\"]                 # in a Dockerfile\n";

// `text` in lines of at most kColumnsMax columns, each indented.
std::string Wrapped(std::string_view text) {
  std::string out;
  std::string line;
  const auto flush = [&out, &line] {
    out += std::string(kProseIndent, ' ') + line + '\n';
    line.clear();
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (!line.empty() && kProseIndent + line.size() + 1 + end > kColumnsMax) flush();
    if (!line.empty()) line += ' ';
    line += text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  flush();
  return out;
}

// A flag on its own line, what it means below it: prose needs the width.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    const std::string kind = option->get_type_name();
    return fmt::format("  {}{}{}\n{}", make_option_name(option, is_positional),
                       kind.empty() ? "" : " ", kind, Wrapped(option->get_description()));
  }
};

std::string HelpOf(const Property& property, const Config& defaults) {
  const std::string value = ShownValueOf(property, defaults);
  return fmt::format("{}{}", property.prose,
                     value.empty() ? "" : fmt::format(" [default {}]", value));
}

// CLI11 leaves two empty lines between groups, or one, depending on its version.
std::string WithSingleEmptyLines(std::string text) {
  for (std::size_t at = text.find("\n\n\n"); at != std::string::npos; at = text.find("\n\n\n")) {
    text.erase(at, 1);
  }
  return text;
}

void AddText(CLI::App* app, std::string_view name, std::string_view group, std::string_view kind,
             std::string_view prose, std::string* value) {
  app->add_option(fmt::format("--{}", name), *value, std::string(prose))
      ->group(std::string(group))
      ->type_name(std::string(kind))
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)  // A later flag overrules an earlier.
      ->allow_extra_args(false);                               // "[a,b]" stays one text.
}

// The commands and where CLI11 leaves what it read of them.
class Parser {
 public:
  explicit Parser(std::string_view version) : app_(std::string(kDescription), "chaac") {
    app_.formatter(std::make_shared<HelpFormatter>());
    app_.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app_.set_help_flag("-h,--help", "Shows this, or the help of a command.");
    app_.set_version_flag("-V,--version", fmt::format("chaac {}", version),
                          "Shows which version this is.");
    app_.footer(std::string(kFooter));
    app_.allow_extras();  // Refused by RefuseExtras(), with a suggestion.
    serve_ = AddCommand("serve", "Runs the server.", kServeFooter);
    load_ = AddCommand("load", "Puts the function library into the store.", kLoadFooter);
    config_ = AddCommand("config", "Shows the effective configuration.", kConfigFooter);
    health_ = AddCommand("health", "Asks a running server whether it lives.", kHealthFooter);
    AddText(config_, "format", kGeneral, "text|json|markdown",
            "How to show it; markdown is the reference of all settings.", &result_.format);
    health_
        ->add_flag("--ready", result_.ready, "Asks whether it takes reports, not whether it lives.")
        ->group(std::string(kGeneral));
    const Config defaults;
    for (const Property& property : Schema()) {
      AddSetting(serve_, property, defaults);
      AddSetting(config_, property, defaults);
      if (property.name.starts_with("valkey-")) AddSetting(load_, property, defaults);
      if (property.name.starts_with("admin-")) AddSetting(health_, property, defaults);
    }
  }

  CommandLine Parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      result_.answer = WithSingleEmptyLines(app_.help());
      return std::move(result_);
    } catch (const CLI::CallForVersion& version) {
      result_.answer = fmt::format("{}\n", version.what());
      return std::move(result_);
    } catch (const CLI::ParseError& error) {
      const std::string text = error.what();  // "--port: 1 required PORT missing"
      throw ConfigError(text.ends_with("missing")
                            ? fmt::format("flag {} needs a value", text.substr(0, text.find(':')))
                            : fmt::format("the flags cannot be read: {}; see chaac --help", text));
    }
    const std::vector<CLI::App*> commands = app_.get_subcommands();
    if (commands.size() > 1) throw ConfigError("give one command: serve, load, config or health");
    RefuseExtras(&app_);
    if (commands.empty()) {
      throw ConfigError("a command is missing: serve, load, config or health; see chaac --help");
    }
    RefuseExtras(commands.front());
    Collect(commands.front());
    return std::move(result_);
  }

 private:
  CLI::App* AddCommand(const std::string& name, const std::string& description,
                       std::string_view footer) {
    CLI::App* const command = app_.add_subcommand(name, description);
    command->group("Commands");
    command->footer(std::string(footer));
    command->get_help_ptr()->group(std::string(kGeneral));
    AddText(command, "config", kGeneral, "FILE",
            "The file of settings, lines of the form name = value; CHAAC_CONFIG names it too.",
            &result_.config_file);
    return command;
  }

  void AddSetting(CLI::App* command, const Property& property, const Config& defaults) {
    AddText(command, property.name, NameOf(property.group), property.kind,
            HelpOf(property, defaults), &texts_[std::string(property.name)]);
  }

  // Throws for the first argument of `command` that nobody took.
  void RefuseExtras(const CLI::App* command) const {
    const std::vector<std::string> extras = command->remaining();
    if (extras.empty()) return;
    const std::string& extra = extras.front();
    if (extra.starts_with("-")) RefuseFlag(command, extra.substr(0, extra.find('=')));
    if (command != &app_) {
      throw ConfigError(fmt::format("{} takes no argument {}", FullName(command), Quote(extra)));
    }
    std::vector<std::string> names;
    for (const CLI::App* known : app_.get_subcommands({})) names.push_back(known->get_name());
    throw ConfigError(fmt::format("there is no command {}.{} Allowed are {}", Quote(extra),
                                  Suggestion(extra, names), fmt::join(names, ", ")));
  }

  [[noreturn]] void RefuseFlag(const CLI::App* command, const std::string& flag) const {
    if (command == &app_ && serve_->get_option_no_throw(flag) != nullptr) {
      throw ConfigError(fmt::format("{} goes behind a command: chaac serve {}", flag, flag));
    }
    std::vector<std::string> names;
    for (const CLI::Option* option : command->get_options()) names.push_back(option->get_name());
    throw ConfigError(fmt::format("there is no flag {}.{} See {} --help", flag,
                                  Suggestion(flag, names), FullName(command)));
  }

  std::string FullName(const CLI::App* command) const {
    return command == &app_ ? "chaac" : fmt::format("chaac {}", command->get_name());
  }

  void Collect(const CLI::App* command) {
    if (command == load_) result_.command = CommandLine::Command::kLoad;
    if (command == config_) result_.command = CommandLine::Command::kConfig;
    if (command == health_) result_.command = CommandLine::Command::kHealth;
    for (auto& [name, text] : texts_) {
      const CLI::Option* const option = command->get_option_no_throw(fmt::format("--{}", name));
      if (option != nullptr && option->count() > 0) result_.flags.emplace(name, std::move(text));
    }
    if (std::find(kFormats.begin(), kFormats.end(), result_.format) == kFormats.end()) {
      throw ConfigError(fmt::format("flag --format is {}; allowed is one of {}",
                                    Quote(result_.format), fmt::join(kFormats, ", ")));
    }
  }

  CLI::App app_;
  CLI::App* serve_ = nullptr;
  CLI::App* load_ = nullptr;
  CLI::App* config_ = nullptr;
  CLI::App* health_ = nullptr;
  std::map<std::string, std::string, std::less<>>
      texts_;  // By the setting's name; CLI11 writes them.
  CommandLine result_;
};

}  // namespace

CommandLine ParseCommandLine(int argc, const char* const* argv, std::string_view version) {
  return Parser(version).Parse(argc, argv);
}

}  // namespace chaac
