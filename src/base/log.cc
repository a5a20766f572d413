// JSON and text lines through one spdlog sink.
#include "base/log.h"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <utility>

#include "base/json_text.h"

namespace chaac {
namespace {

constexpr std::string_view kEcsVersion = "8.11.0";
constexpr std::size_t kThreadNameBytesMax = 16;  // The kernel's limit, its NUL included.

struct LevelTraits {
  spdlog::level::level_enum level;
  std::string_view name;  // As ECS readers expect it in log.level.
};

// In the order of LogLevel.
constexpr std::array<LevelTraits, 4> kLevels = {{
    {spdlog::level::debug, "debug"},
    {spdlog::level::info, "info"},
    {spdlog::level::warn, "warning"},
    {spdlog::level::err, "error"},
}};

const LevelTraits& TraitsOf(LogLevel level) { return kLevels[static_cast<std::size_t>(level)]; }

std::string ThreadName() {
  std::array<char, kThreadNameBytesMax> name{};
  if (pthread_getname_np(pthread_self(), name.data(), name.size()) != 0) return "unnamed";
  return name.data();
}

// "2026-02-03T04:05:06.007Z"
std::string Iso8601(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

void AppendJsonField(std::string_view name, const LogField::Value& value, std::string* out) {
  AppendJsonString(name, out);
  *out += ':';
  std::visit(
      [out](auto v) {
        if constexpr (std::is_same_v<decltype(v), std::string_view>) {
          AppendJsonString(v, out);
        } else {
          if constexpr (std::is_same_v<decltype(v), double>) {
            if (!std::isfinite(v)) return AppendJsonString(fmt::to_string(v), out);
          }
          fmt::format_to(std::back_inserter(*out), "{}", v);
        }
      },
      value);
}

std::string JsonLine(LogLevel level, std::string_view message, LogFields fields, WallTime now,
                     std::string_view common) {
  // @timestamp, log.level and message come first, so that a person can read a raw file too.
  std::string line =
      fmt::format(R"({{"@timestamp":"{}","log.level":"{}",)", Iso8601(now), TraitsOf(level).name);
  AppendJsonField("message", message, &line);
  for (const LogField& field : fields) {
    line += ',';
    AppendJsonField(field.name(), field.value(), &line);
  }
  line += ',';
  AppendJsonField("process.thread.name", ThreadName(), &line);
  line += common;
  line += '}';
  return line;
}

// A text that would break the line or read as several is quoted as in JSON.
void AppendWord(std::string_view text, std::string* out) {
  const bool is_word = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '"' && c != '\\' && c != '=';
  });
  is_word ? void(out->append(text)) : AppendJsonString(text, out);
}

std::string TextLine(std::string_view message, LogFields fields) {
  std::string line;
  AppendJsonString(message, &line);
  line = line.substr(1, line.size() - 2);  // Spaces are at home in a message; its quotes are not.
  for (const LogField& field : fields) {
    line += "  ";
    line += field.name();
    line += '=';
    std::visit(
        [&line](auto v) {
          if constexpr (std::is_same_v<decltype(v), std::string_view>) {
            AppendWord(v, &line);
          } else {
            fmt::format_to(std::back_inserter(line), "{}", v);
          }
        },
        field.value());
  }
  return line;
}

LogOptions Resolved(LogOptions options) {
  if (options.format == LogFormat::kAuto) {
    options.format = isatty(STDERR_FILENO) == 1 ? LogFormat::kText : LogFormat::kJson;
  }
  return options;
}

spdlog::sink_ptr StandardErrorSink(LogFormat format) {
  if (format == LogFormat::kText) return std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  return std::make_shared<spdlog::sinks::stderr_sink_mt>();
}

std::unique_ptr<Logger>& ProcessLogger() {
  static auto logger = std::make_unique<Logger>(StandardErrorSink(LogFormat::kText),
                                                LogOptions{.format = LogFormat::kText});
  return logger;
}

void LogNow(LogLevel level, std::string_view message, LogFields fields) noexcept {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  ProcessLogger()->Write(level, message, fields, now);
}

}  // namespace

Logger::Logger(std::shared_ptr<spdlog::sinks::sink> sink, const LogOptions& options)
    : format_(options.format), output_(std::make_shared<spdlog::logger>("chaac", std::move(sink))) {
  common_json_ = fmt::format(R"(,"process.pid":{},"service.name":"chaac",)", getpid());
  AppendJsonField("service.version", options.service_version, &common_json_);
  common_json_ += ',';
  AppendJsonField("ecs.version", kEcsVersion, &common_json_);
  output_->set_level(TraitsOf(options.level).level);
  output_->set_pattern(format_ == LogFormat::kJson ? "%v" : "%H:%M:%S.%e %^%-7l%$ %v",
                       spdlog::pattern_time_type::local);
  output_->flush_on(spdlog::level::trace);
}

void Logger::Write(LogLevel level, std::string_view message, LogFields fields,
                   WallTime now) noexcept try {
  const auto output_level = TraitsOf(level).level;
  if (!output_->should_log(output_level)) return;
  const std::string line = format_ == LogFormat::kJson
                               ? JsonLine(level, message, fields, now, common_json_)
                               : TextLine(message, fields);
  output_->log(std::chrono::system_clock::time_point(now), spdlog::source_loc{}, output_level,
               line);
} catch (...) {  // No memory for a line of log: the work that wanted to log it goes on.
}

void StartLogging(const LogOptions& options) {
  const LogOptions resolved = Resolved(options);
  ProcessLogger() = std::make_unique<Logger>(StandardErrorSink(resolved.format), resolved);
}

void LogDebug(std::string_view message, LogFields fields) noexcept {
  LogNow(LogLevel::kDebug, message, fields);
}
void LogInfo(std::string_view message, LogFields fields) noexcept {
  LogNow(LogLevel::kInfo, message, fields);
}
void LogWarning(std::string_view message, LogFields fields) noexcept {
  LogNow(LogLevel::kWarning, message, fields);
}
void LogError(std::string_view message, LogFields fields) noexcept {
  LogNow(LogLevel::kError, message, fields);
}

}  // namespace chaac
