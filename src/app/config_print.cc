// What `chaac config` prints: text, JSON, and the reference in docs/configuration.md.
#include "app/config_print.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "app/config_schema.h"
#include "base/json_text.h"

namespace chaac {
namespace {

constexpr int kValueWidth = 52;  // The column at which sources begin.

// As TOML and JSON both write it.
std::string Literal(const Property& property, std::string value) {
  if (IsNumber(property)) return value;
  std::string quoted;
  AppendJsonString(value, &quoted);
  return quoted;
}

std::string SourceOf(const Property& property, const LoadedConfig& loaded) {
  const auto found = loaded.sources.find(property.name);
  return found == loaded.sources.end() ? "default" : found->second;
}

// A table's cell: a | would end it.
std::string Cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

void AppendRow(const Property& property, const Config& defaults, std::string* out) {
  std::string names = fmt::format("`--{}`<br>`{}`", property.name, EnvironmentName(property));
  if (!property.weaker_variable.empty()) names += fmt::format("<br>`{}`", property.weaker_variable);
  const std::string value = ShownValueOf(property, defaults);
  const std::string shown = value.empty() ? "empty" : fmt::format("`{}`", value);
  fmt::format_to(std::back_inserter(*out), "| {} | {} | {} | {} | {} |\n", names,
                 Cell(property.kind), Cell(shown), Cell(AllowedOf(property)), Cell(property.prose));
}

// A secret is no setting but a comment: the file must not set it to its stand-in.
void AppendSetting(const Property& property, const LoadedConfig& loaded, std::string* out) {
  const std::string source = SourceOf(property, loaded);
  const bool is_hidden = IsHidden(property, loaded.config);
  if (!is_hidden || property.secrecy == Secrecy::kUrl) {
    const std::string setting = fmt::format(
        "{} = {}", property.name, Literal(property, PublicValueOf(property, loaded.config)));
    fmt::format_to(std::back_inserter(*out), "{:<{}}  # {}\n", setting, kValueWidth, source);
  }
  if (!is_hidden) return;
  const std::string comment =
      property.secrecy == Secrecy::kUrl
          ? fmt::format("# The password of {} is set, and hidden", property.name)
          : fmt::format("# {} is set, and hidden", property.name);
  fmt::format_to(std::back_inserter(*out), "{:<{}}  # {}\n", comment, kValueWidth, source);
}

}  // namespace

std::string ConfigAsText(const LoadedConfig& loaded) {
  std::string out;
  const ConfigGroup* group = nullptr;
  for (const Property& property : Schema()) {
    if (group == nullptr || *group != property.group) {
      fmt::format_to(std::back_inserter(out), "{}# {}\n", group == nullptr ? "" : "\n",
                     NameOf(property.group));
    }
    group = &property.group;
    AppendSetting(property, loaded, &out);
  }
  for (const std::string& warning : loaded.warnings) {
    fmt::format_to(std::back_inserter(out), "\n# Warning: {}\n", warning);
  }
  return out;
}

std::string ConfigAsJson(const LoadedConfig& loaded) {
  std::string out;
  for (const Property& property : Schema()) {
    fmt::format_to(std::back_inserter(out),
                   "{}\n  \"{}\": {{\"value\": {}, \"source\": ", out.empty() ? "{" : ",",
                   property.name, Literal(property, ShownValueOf(property, loaded.config)));
    AppendJsonString(SourceOf(property, loaded), &out);
    out += '}';
  }
  return out + "\n}\n";
}

std::string ConfigReference() {
  std::string out;
  const Config defaults;
  const ConfigGroup* group = nullptr;
  for (const Property& property : Schema()) {
    if (group == nullptr || *group != property.group) {
      fmt::format_to(std::back_inserter(out),
                     "{}### {}\n\n| Flag and variables | Value | Default | Allowed | Meaning |\n"
                     "|---|---|---|---|---|\n",
                     group == nullptr ? "" : "\n", NameOf(property.group));
    }
    group = &property.group;
    AppendRow(property, defaults, &out);
  }
  return out;
}

}  // namespace chaac
