// Commands on strings, counters among them.
#include <array>
#include <cmath>
#include <limits>

#include "store/testing/commands.h"
#include "store/testing/numbers.h"

namespace chaac {
namespace {

constexpr std::int64_t kIntegerMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kIntegerMin = std::numeric_limits<std::int64_t>::min();

void Get(CommandCall& call) {
  StoredString* value = nullptr;
  if (!FindTyped(call, call[1], &value)) return;
  if (value == nullptr) return call.reply.Null();
  call.reply.Bulk(*value);
}

void Mget(CommandCall& call) {
  const auto keys = call.arguments.subspan(1);
  call.reply.Array(keys.size());
  for (const auto key : keys) {
    const StoredValue* stored = call.keys->Find(key);
    const auto* value = stored == nullptr ? nullptr : std::get_if<StoredString>(&stored->data);
    if (value == nullptr) {
      call.reply.Null();
    } else {
      call.reply.Bulk(*value);
    }
  }
}

struct SetOptions {
  bool only_new = false;
  bool only_existing = false;
  bool keep_ttl = false;
  std::int64_t unit_ms = 0;  // 0: no expiry given.
  std::string_view expiry;
};

// False on a syntax error.
bool ParseSetOptions(std::span<const std::string_view> words, SetOptions* options) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = ToLower(words[i]);
    const bool expiry_allowed = !options->keep_ttl && options->unit_ms == 0;
    if (word == "nx" && !options->only_existing) {
      options->only_new = true;
    } else if (word == "xx" && !options->only_new) {
      options->only_existing = true;
    } else if (word == "keepttl" && options->unit_ms == 0) {
      options->keep_ttl = true;
    } else if ((word == "ex" || word == "px") && expiry_allowed && i + 1 < words.size()) {
      options->unit_ms = word == "ex" ? 1000 : 1;
      options->expiry = words[++i];
    } else {
      return false;
    }
  }
  return true;
}

void Set(CommandCall& call) {
  SetOptions options;
  if (!ParseSetOptions(call.arguments.subspan(3), &options)) return call.reply.Error(kSyntaxError);
  std::optional<WallTime> expires_at;
  if (options.unit_ms != 0) {
    const auto given = ParseInteger(options.expiry);
    if (!given) return call.reply.Error(kNotAnInteger);
    const std::int64_t now_ms = call.keys->now().time_since_epoch().count();
    if (*given <= 0 || *given > kIntegerMax / options.unit_ms ||
        *given * options.unit_ms > kIntegerMax - now_ms) {
      return call.reply.Error("ERR invalid expire time in 'set' command");
    }
    expires_at = call.keys->now() + std::chrono::milliseconds(*given * options.unit_ms);
  }
  const StoredValue* old = call.keys->Find(call[1]);
  if (old == nullptr ? options.only_existing : options.only_new) return call.reply.Null();
  if (options.keep_ttl && old != nullptr) expires_at = old->expires_at;
  call.keys->Put(call[1], {StoredString(call[2]), expires_at});
  call.reply.Ok();
}

void IncrementBy(CommandCall& call, std::int64_t amount) {
  StoredString* value = nullptr;
  if (!FindTyped(call, call[1], &value)) return;
  const auto old = value == nullptr ? 0 : ParseInteger(*value);
  if (!old) return call.reply.Error(kNotAnInteger);
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*old, amount, &sum)) return call.reply.Error(kOverflow);
  if (value == nullptr) value = FindOrCreate<StoredString>(call, call[1]);
  *value = std::to_string(sum);
  call.reply.Integer(sum);
}

void Incr(CommandCall& call) { IncrementBy(call, 1); }
void Decr(CommandCall& call) { IncrementBy(call, -1); }

void Incrby(CommandCall& call) {
  const auto amount = ParseInteger(call[2]);
  if (!amount) return call.reply.Error(kNotAnInteger);
  IncrementBy(call, *amount);
}

void Decrby(CommandCall& call) {
  const auto amount = ParseInteger(call[2]);
  if (!amount) return call.reply.Error(kNotAnInteger);
  if (*amount == kIntegerMin) return call.reply.Error("ERR decrement would overflow");
  IncrementBy(call, -*amount);
}

void Incrbyfloat(CommandCall& call) {
  StoredString* value = nullptr;
  if (!FindTyped(call, call[1], &value)) return;
  const auto old = value == nullptr ? 0 : ParseLongDouble(*value);
  const auto amount = ParseLongDouble(call[2]);
  if (!old || !amount) return call.reply.Error(kNotAFloat);
  const long double sum = *old + *amount;
  if (!std::isfinite(sum)) {
    return call.reply.Error("ERR increment would produce NaN or Infinity");
  }
  if (value == nullptr) value = FindOrCreate<StoredString>(call, call[1]);
  *value = FormatLongDouble(sum);
  call.reply.Bulk(*value);
}

using enum CommandKind;

constexpr auto kRows = std::to_array<Command>({
    {"get", 2, kRead, Get},
    {"mget", -2, kRead, Mget},
    {"set", -3, kGrowingWrite, Set},
    {"incr", 2, kGrowingWrite, Incr},
    {"decr", 2, kGrowingWrite, Decr},
    {"incrby", 3, kGrowingWrite, Incrby},
    {"decrby", 3, kGrowingWrite, Decrby},
    {"incrbyfloat", 3, kGrowingWrite, Incrbyfloat},
});

}  // namespace

std::span<const Command> StringCommands() { return kRows; }

}  // namespace chaac
