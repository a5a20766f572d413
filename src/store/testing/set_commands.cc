// Commands on sets. A set whose last member leaves is removed.
#include <array>

#include "store/testing/commands.h"

namespace chaac {
namespace {

void Sadd(CommandCall& call) {
  auto* set = FindOrCreate<StoredSet>(call, call[1]);
  if (set == nullptr) return;
  std::int64_t added = 0;
  for (const auto member : call.arguments.subspan(2)) added += set->emplace(member).second ? 1 : 0;
  call.reply.Integer(added);
}

void Srem(CommandCall& call) {
  StoredSet* set = nullptr;
  if (!FindTyped(call, call[1], &set)) return;
  if (set == nullptr) return call.reply.Integer(0);
  std::int64_t erased = 0;
  for (const auto member : call.arguments.subspan(2)) {
    const auto found = set->find(member);
    if (found == set->end()) continue;
    set->erase(found);
    ++erased;
  }
  if (set->empty()) call.keys->Erase(call[1]);
  call.reply.Integer(erased);
}

void Scard(CommandCall& call) {
  StoredSet* set = nullptr;
  if (!FindTyped(call, call[1], &set)) return;
  call.reply.Integer(set == nullptr ? 0 : static_cast<std::int64_t>(set->size()));
}

void Sismember(CommandCall& call) {
  StoredSet* set = nullptr;
  if (!FindTyped(call, call[1], &set)) return;
  call.reply.Integer(set != nullptr && set->contains(call[2]) ? 1 : 0);
}

void Smembers(CommandCall& call) {
  StoredSet* set = nullptr;
  if (!FindTyped(call, call[1], &set)) return;
  if (set == nullptr) return call.reply.Array(0);
  call.reply.Array(set->size());
  for (const std::string& member : *set) call.reply.Bulk(member);
}

using enum CommandKind;

constexpr auto kRows = std::to_array<Command>({
    {"sadd", -3, kGrowingWrite, Sadd},
    {"srem", -3, kWrite, Srem},
    {"scard", 2, kRead, Scard},
    {"sismember", 3, kRead, Sismember},
    {"smembers", 2, kRead, Smembers},
});

}  // namespace

std::span<const Command> SetCommands() { return kRows; }

}  // namespace chaac
