// Structured logs: a message and named fields on one line of standard error; JSON with the names of
// the Elastic Common Schema for machines, coloured words for a terminal.
// Thread-safe. Nothing here throws: a line that cannot be written is lost. Writing is synchronous,
// so nothing is logged per request, and what may repeat without end is logged at most once a
// minute. Level debug tells of single connections to the store, attempt by attempt.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/time.h"

namespace spdlog {
class logger;
namespace sinks {
class sink;
}  // namespace sinks
}  // namespace spdlog

namespace chaac {

enum class LogFormat : std::uint8_t { kAuto, kJson, kText };  // kAuto: text on a terminal.
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

// One named value of an event, for example {"server.address", "10.0.0.1"}. Views its texts, so it
// is meant to live only as long as the call that logs it.
class LogField {
 public:
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  LogField(std::string_view name, std::string_view value) : name_(name), value_(value) {}
  LogField(std::string_view name, const char* value) : LogField(name, std::string_view(value)) {}
  LogField(std::string_view name, const std::string& value)
      : LogField(name, std::string_view(value)) {}
  template <typename Number>
  requires std::is_arithmetic_v<Number> LogField(std::string_view name, Number value)
      : name_(name), value_(Widened(value)) {}

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] const Value& value() const { return value_; }

 private:
  template <typename Number>
  static Value Widened(Number value) {
    if constexpr (std::is_same_v<Number, bool>) {
      return value;
    } else if constexpr (std::is_floating_point_v<Number>) {
      return static_cast<double>(value);
    } else if constexpr (std::is_signed_v<Number>) {
      return static_cast<std::int64_t>(value);
    } else {
      return static_cast<std::uint64_t>(value);
    }
  }

  std::string_view name_;
  Value value_;
};
using LogFields = std::initializer_list<LogField>;

struct LogOptions {
  LogFormat format = LogFormat::kAuto;
  LogLevel level = LogLevel::kInfo;
  std::string service_version;
};

// Writes lines into a sink. The server has one, behind LogInfo() and its sisters; tests make
// theirs.
class Logger {
 public:
  // REQUIRES: options.format is not kAuto.
  Logger(std::shared_ptr<spdlog::sinks::sink> sink, const LogOptions& options);

  void Write(LogLevel level, std::string_view message, LogFields fields, WallTime now) noexcept;

 private:
  LogFormat format_;
  std::string common_json_;  // The fields that every line of this process ends with.
  std::shared_ptr<spdlog::logger> output_;
};

// Decides how the lines below are written from now on. Call it once, before other threads start;
// until then they are text at level info.
void StartLogging(const LogOptions& options);

void LogDebug(std::string_view message, LogFields fields = {}) noexcept;
void LogInfo(std::string_view message, LogFields fields = {}) noexcept;
void LogWarning(std::string_view message, LogFields fields = {}) noexcept;
void LogError(std::string_view message, LogFields fields = {}) noexcept;

}  // namespace chaac
