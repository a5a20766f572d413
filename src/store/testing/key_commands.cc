// Commands on keys of any type, and on the whole key space.
#include <array>
#include <limits>

#include "store/testing/commands.h"
#include "store/testing/numbers.h"

namespace chaac {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kIntegerMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kIntegerMin = std::numeric_limits<std::int64_t>::min();

std::int64_t NowMs(const CommandCall& call) { return call.keys->now().time_since_epoch().count(); }

void Del(CommandCall& call) {
  std::int64_t erased = 0;
  for (const auto key : call.arguments.subspan(1)) erased += call.keys->Erase(key) ? 1 : 0;
  call.reply.Integer(erased);
}

void Exists(CommandCall& call) {
  std::int64_t found = 0;
  for (const auto key : call.arguments.subspan(1)) found += call.keys->Find(key) != nullptr ? 1 : 0;
  call.reply.Integer(found);
}

// In the order of StoredValue::data.
constexpr std::array<std::string_view, 4> kTypeNames = {"string", "list", "hash", "set"};

void Type(CommandCall& call) {
  const StoredValue* value = call.keys->Find(call[1]);
  call.reply.Status(value == nullptr ? "none" : kTypeNames.at(value->data.index()));
}

// EXPIRE and its like: the time given is in units of `unit_ms` from `base_ms`.
void ExpireAtTime(CommandCall& call, std::int64_t unit_ms, std::int64_t base_ms) {
  const auto given = ParseInteger(call[2]);
  if (!given) return call.reply.Error(kNotAnInteger);
  if (call.arguments.size() > 3) {
    return call.reply.Error("ERR Unsupported option " + std::string(call[3]));
  }
  if (*given > kIntegerMax / unit_ms || *given < kIntegerMin / unit_ms ||
      *given * unit_ms > kIntegerMax - base_ms) {
    return call.reply.Error("ERR invalid expire time in '" + ToLower(call[0]) + "' command");
  }
  StoredValue* value = call.keys->Find(call[1]);
  if (value == nullptr) return call.reply.Integer(0);
  const WallTime expires_at{milliseconds(*given * unit_ms + base_ms)};
  if (expires_at <= call.keys->now()) {
    call.keys->Erase(call[1]);
  } else {
    value->expires_at = expires_at;
  }
  call.reply.Integer(1);
}

void Expire(CommandCall& call) { ExpireAtTime(call, 1000, NowMs(call)); }
void Pexpire(CommandCall& call) { ExpireAtTime(call, 1, NowMs(call)); }
void Expireat(CommandCall& call) { ExpireAtTime(call, 1000, 0); }
void Pexpireat(CommandCall& call) { ExpireAtTime(call, 1, 0); }

void Persist(CommandCall& call) {
  StoredValue* value = call.keys->Find(call[1]);
  const bool persisted = value != nullptr && value->expires_at;
  if (persisted) value->expires_at.reset();
  call.reply.Integer(persisted ? 1 : 0);
}

// The time to live in ms; -1: for ever; -2: no such key.
std::int64_t TtlMs(CommandCall& call) {
  const StoredValue* value = call.keys->Find(call[1]);
  if (value == nullptr) return -2;
  if (!value->expires_at) return -1;
  return (*value->expires_at - call.keys->now()).count();
}

void Pttl(CommandCall& call) { call.reply.Integer(TtlMs(call)); }

void Ttl(CommandCall& call) {
  const std::int64_t ttl_ms = TtlMs(call);
  call.reply.Integer(ttl_ms < 0 ? ttl_ms : (ttl_ms + 500) / 1000);
}

void Ping(CommandCall& call) {
  if (call.arguments.size() > 2) return ReplyWrongArity("ping", call.reply);
  if (call.arguments.size() == 2) return call.reply.Bulk(call[1]);
  call.reply.Status("PONG");
}

void Time(CommandCall& call) {
  const std::int64_t now_ms = NowMs(call);
  call.reply.Array(2);
  call.reply.Bulk(std::to_string(now_ms / 1000));
  call.reply.Bulk(std::to_string(now_ms % 1000 * 1000));
}

void Flushall(CommandCall& call) {
  if (call.arguments.size() > 1) {
    const std::string mode = ToLower(call[1]);
    if (call.arguments.size() > 2 || (mode != "sync" && mode != "async")) {
      return call.reply.Error(kSyntaxError);
    }
  }
  call.keys->Clear();
  call.reply.Ok();
}

using enum CommandKind;

constexpr auto kRows = std::to_array<Command>({
    {"del", -2, kWrite, Del},
    {"exists", -2, kRead, Exists},
    {"type", 2, kRead, Type},
    {"expire", -3, kWrite, Expire},
    {"pexpire", -3, kWrite, Pexpire},
    {"expireat", -3, kWrite, Expireat},
    {"pexpireat", -3, kWrite, Pexpireat},
    {"persist", 2, kWrite, Persist},
    {"ttl", 2, kRead, Ttl},
    {"pttl", 2, kRead, Pttl},
    {"ping", -1, kRead, Ping},
    {"time", 1, kRead, Time},
    {"flushall", -1, kWrite, Flushall},
});

}  // namespace

std::span<const Command> KeyCommands() { return kRows; }

}  // namespace chaac
