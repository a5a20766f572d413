// Commands on lists. A list whose last element leaves is removed.
#include <algorithm>
#include <array>

#include "store/testing/commands.h"
#include "store/testing/numbers.h"

namespace chaac {
namespace {

void Lpush(CommandCall& call) {
  auto* list = FindOrCreate<StoredList>(call, call[1]);
  if (list == nullptr) return;
  for (const auto value : call.arguments.subspan(2)) list->emplace_front(value);
  call.reply.Integer(static_cast<std::int64_t>(list->size()));
}

void Lpop(CommandCall& call) {
  const bool counted = call.arguments.size() == 3;
  if (call.arguments.size() > 3) return ReplyWrongArity("lpop", call.reply);
  const auto count = counted ? ParseInteger(call[2]) : 1;
  if (!count || *count < 0) {
    return call.reply.Error("ERR value is out of range, must be positive");
  }
  StoredList* list = nullptr;
  if (!FindTyped(call, call[1], &list)) return;
  if (list == nullptr) return counted ? call.reply.NullArray() : call.reply.Null();
  const auto popped = std::min(static_cast<std::size_t>(*count), list->size());
  if (counted) call.reply.Array(popped);
  for (std::size_t i = 0; i < popped; ++i) {
    call.reply.Bulk(list->front());
    list->pop_front();
  }
  if (list->empty()) call.keys->Erase(call[1]);
}

void Llen(CommandCall& call) {
  StoredList* list = nullptr;
  if (!FindTyped(call, call[1], &list)) return;
  call.reply.Integer(list == nullptr ? 0 : static_cast<std::int64_t>(list->size()));
}

struct IndexRange {
  std::int64_t first = 0;
  std::int64_t last = 0;

  // What the indices, of which negative ones count from the end, mean in a list of `size`:
  // elements [first, last]; none when first > last.
  [[nodiscard]] IndexRange Within(std::size_t elements) const {
    const auto size = static_cast<std::int64_t>(elements);
    return {std::max<std::int64_t>(first < 0 ? first + size : first, 0),
            std::min(last < 0 ? last + size : last, size - 1)};
  }
};

// Reads arguments 2 and 3. False when they are not integers, which is then answered.
bool ParseRange(CommandCall& call, IndexRange* range) {
  const auto first = ParseInteger(call[2]);
  const auto last = ParseInteger(call[3]);
  if (!first || !last) {
    call.reply.Error(kNotAnInteger);
    return false;
  }
  *range = {*first, *last};
  return true;
}

void Lrange(CommandCall& call) {
  IndexRange range;
  StoredList* list = nullptr;
  if (!ParseRange(call, &range) || !FindTyped(call, call[1], &list)) return;
  if (list == nullptr) return call.reply.Array(0);
  const auto [first, last] = range.Within(list->size());
  call.reply.Array(first > last ? 0 : static_cast<std::size_t>(last - first + 1));
  for (auto i = first; i <= last; ++i) call.reply.Bulk((*list)[static_cast<std::size_t>(i)]);
}

void Ltrim(CommandCall& call) {
  IndexRange range;
  StoredList* list = nullptr;
  if (!ParseRange(call, &range) || !FindTyped(call, call[1], &list)) return;
  call.reply.Ok();
  if (list == nullptr) return;
  const auto [first, last] = range.Within(list->size());
  if (first > last) {
    call.keys->Erase(call[1]);
    return;
  }
  list->erase(list->begin() + last + 1, list->end());
  list->erase(list->begin(), list->begin() + first);
}

void Lindex(CommandCall& call) {
  StoredList* list = nullptr;
  if (!FindTyped(call, call[1], &list)) return;
  if (list == nullptr) return call.reply.Null();
  const auto given = ParseInteger(call[2]);
  if (!given) return call.reply.Error(kNotAnInteger);
  const auto size = static_cast<std::int64_t>(list->size());
  const auto index = *given < 0 ? *given + size : *given;
  if (index < 0 || index >= size) return call.reply.Null();
  call.reply.Bulk((*list)[static_cast<std::size_t>(index)]);
}

using enum CommandKind;

constexpr auto kRows = std::to_array<Command>({
    {"lpush", -3, kGrowingWrite, Lpush},
    {"lpop", -2, kWrite, Lpop},
    {"llen", 2, kRead, Llen},
    {"lrange", 4, kRead, Lrange},
    {"ltrim", 4, kWrite, Ltrim},
    {"lindex", 3, kRead, Lindex},
});

}  // namespace

std::span<const Command> ListCommands() { return kRows; }

}  // namespace chaac
