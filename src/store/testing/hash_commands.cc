// Commands on hashes. A hash whose last field leaves is removed.
#include <array>
#include <cmath>

#include "store/testing/commands.h"
#include "store/testing/numbers.h"

namespace chaac {
namespace {

// The field's value, or nullptr. `hash` may be nullptr.
const std::string* FieldOf(const StoredHash* hash, std::string_view field) {
  if (hash == nullptr) return nullptr;
  const auto found = hash->find(field);
  return found == hash->end() ? nullptr : &found->second;
}

void ReplyField(const StoredHash* hash, std::string_view field, ReplyWriter reply) {
  const std::string* value = FieldOf(hash, field);
  if (value == nullptr) return reply.Null();
  reply.Bulk(*value);
}

void Hget(CommandCall& call) {
  StoredHash* hash = nullptr;
  if (!FindTyped(call, call[1], &hash)) return;
  ReplyField(hash, call[2], call.reply);
}

void Hmget(CommandCall& call) {
  StoredHash* hash = nullptr;
  if (!FindTyped(call, call[1], &hash)) return;
  const auto fields = call.arguments.subspan(2);
  call.reply.Array(fields.size());
  for (const auto field : fields) ReplyField(hash, field, call.reply);
}

void Hgetall(CommandCall& call) {
  StoredHash* hash = nullptr;
  if (!FindTyped(call, call[1], &hash)) return;
  if (hash == nullptr) return call.reply.Array(0);
  call.reply.Array(hash->size() * 2);
  for (const auto& [field, value] : *hash) {
    call.reply.Bulk(field);
    call.reply.Bulk(value);
  }
}

void Hlen(CommandCall& call) {
  StoredHash* hash = nullptr;
  if (!FindTyped(call, call[1], &hash)) return;
  call.reply.Integer(hash == nullptr ? 0 : static_cast<std::int64_t>(hash->size()));
}

void Hexists(CommandCall& call) {
  StoredHash* hash = nullptr;
  if (!FindTyped(call, call[1], &hash)) return;
  call.reply.Integer(FieldOf(hash, call[2]) == nullptr ? 0 : 1);
}

void Hset(CommandCall& call) {
  if (call.arguments.size() % 2 == 1) return ReplyWrongArity("hset", call.reply);
  auto* hash = FindOrCreate<StoredHash>(call, call[1]);
  if (hash == nullptr) return;
  std::int64_t added = 0;
  for (std::size_t i = 2; i < call.arguments.size(); i += 2) {
    added += hash->insert_or_assign(std::string(call[i]), std::string(call[i + 1])).second ? 1 : 0;
  }
  call.reply.Integer(added);
}

void Hdel(CommandCall& call) {
  StoredHash* hash = nullptr;
  if (!FindTyped(call, call[1], &hash)) return;
  if (hash == nullptr) return call.reply.Integer(0);
  std::int64_t erased = 0;
  for (const auto field : call.arguments.subspan(2)) {
    const auto found = hash->find(field);
    if (found == hash->end()) continue;
    hash->erase(found);
    ++erased;
  }
  if (hash->empty()) call.keys->Erase(call[1]);
  call.reply.Integer(erased);
}

void Hincrby(CommandCall& call) {
  const auto amount = ParseInteger(call[3]);
  if (!amount) return call.reply.Error(kNotAnInteger);
  auto* hash = FindOrCreate<StoredHash>(call, call[1]);
  if (hash == nullptr) return;
  const std::string* value = FieldOf(hash, call[2]);
  const auto old = value == nullptr ? 0 : ParseInteger(*value);
  if (!old) return call.reply.Error("ERR hash value is not an integer");
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*old, *amount, &sum)) return call.reply.Error(kOverflow);
  hash->insert_or_assign(std::string(call[2]), std::to_string(sum));
  call.reply.Integer(sum);
}

void Hincrbyfloat(CommandCall& call) {
  const auto amount = ParseLongDouble(call[3]);
  if (!amount) return call.reply.Error(kNotAFloat);
  if (!std::isfinite(*amount)) return call.reply.Error("ERR value is NaN or Infinity");
  auto* hash = FindOrCreate<StoredHash>(call, call[1]);
  if (hash == nullptr) return;
  const std::string* value = FieldOf(hash, call[2]);
  const auto old = value == nullptr ? 0 : ParseLongDouble(*value);
  if (!old) return call.reply.Error("ERR hash value is not a float");
  const long double sum = *old + *amount;
  if (!std::isfinite(sum)) {
    return call.reply.Error("ERR increment would produce NaN or Infinity");
  }
  const std::string text = FormatLongDouble(sum);
  hash->insert_or_assign(std::string(call[2]), text);
  call.reply.Bulk(text);
}

using enum CommandKind;

constexpr auto kRows = std::to_array<Command>({
    {"hget", 3, kRead, Hget},
    {"hmget", -3, kRead, Hmget},
    {"hgetall", 2, kRead, Hgetall},
    {"hlen", 2, kRead, Hlen},
    {"hexists", 3, kRead, Hexists},
    {"hset", -4, kGrowingWrite, Hset},
    {"hdel", -3, kWrite, Hdel},
    {"hincrby", 4, kGrowingWrite, Hincrby},
    {"hincrbyfloat", 4, kGrowingWrite, Hincrbyfloat},
});

}  // namespace

std::span<const Command> HashCommands() { return kRows; }

}  // namespace chaac
