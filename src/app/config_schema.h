// The schema of the configuration: one row for each setting. Flags, environment variables, file
// keys, checks, help, `chaac config` and docs/configuration.md all come from it. Immutable.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "app/config.h"

namespace chaac {

// The member of a Config that a setting fills.
using ConfigField =
    std::variant<std::string*, std::vector<std::string>*, std::uint16_t*, std::uint32_t*,
                 std::size_t*, std::chrono::microseconds*, std::chrono::milliseconds*,
                 std::chrono::seconds*, LogFormat*, LogLevel*>;

enum class ConfigGroup : std::uint8_t { kListening, kStore, kLimits, kData, kLogging };
inline constexpr std::size_t kConfigGroupCount = 5;
std::string_view NameOf(ConfigGroup group);

enum class Secrecy : std::uint8_t {
  kPlain,
  kSecret,  // Never shown.
  kUrl,     // Shown without its password.
};

struct Property {
  std::string_view
      name;  // "store-reply-timeout-ms": the flag without its dashes, and the file's key.
  ConfigGroup group;
  std::string_view kind;   // What the value is, in help and reference: PORT, BYTES, MS, FILE, …
  std::string_view prose;  // One or two sentences, present tense.
  ConfigField (*field)(Config* config);
  std::int64_t min = 0;  // Of a number, inclusive.
  std::int64_t max = 0;
  std::string_view allowed = {};  // Of a text: what is allowed, in words; empty: anything.
  bool (*accepts)(std::string_view text) = nullptr;  // Of a text: whether it is that.
  std::string_view weaker_variable = {};             // Read when CHAAC_<NAME> is not set.
  Secrecy secrecy = Secrecy::kPlain;
};

std::span<const Property> Schema();

// nullptr: no setting has that name.
const Property* FindProperty(std::string_view name);

// CHAAC_STORE_REPLY_TIMEOUT_MS
std::string EnvironmentName(const Property& property);

// What may be given, in words: "a whole number from 0 to 65535", "one of auto, json, text".
std::string AllowedOf(const Property& property);

// Sets the member; the error is what is allowed instead.
tl::expected<void, std::string> Assign(const Property& property, std::string_view text,
                                       Config* config);

// The member's value as Assign() would read it again.
std::string ValueOf(const Property& property, const Config& config);

// The same for people: a secret, or the password within a URL, is shown as kHiddenSecret.
inline constexpr std::string_view kHiddenSecret = "***";
std::string ShownValueOf(const Property& property, const Config& config);

// Whether ShownValueOf() hides a part of it.
[[nodiscard]] bool IsHidden(const Property& property, const Config& config);

// As ValueOf(), with what is secret left out: a URL without its password.
std::string PublicValueOf(const Property& property, const Config& config);

[[nodiscard]] bool IsNumber(const Property& property);

}  // namespace chaac
