// The data commands of the stand-in store: one table row and one function a command. Each answers
// what Valkey answers, errors included. Functions of a key space alone; not thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "store/testing/keyspace.h"
#include "store/testing/reply_writer.h"

namespace chaac {

// One command under way. `arguments` opens with the command's name.
struct CommandCall {
  Keyspace* keys;
  std::span<const std::string_view> arguments;
  ReplyWriter reply;

  [[nodiscard]] std::string_view operator[](std::size_t i) const { return arguments[i]; }
};

enum class CommandKind : std::uint8_t {
  kRead,
  kWrite,
  kGrowingWrite,  // A write that Valkey refuses when its memory is full.
};

struct Command {
  std::string_view name;  // Lower case.
  int arity;              // Arguments, the name included; negative: at least so many.
  CommandKind kind;
  void (*run)(CommandCall& call);
};

// The command of this name in any case, or nullptr.
const Command* FindDataCommand(std::string_view name);

std::string ToLower(std::string_view text);

// Whether that many arguments fit.
inline bool ArityFits(int arity, std::size_t arguments) {
  return arity >= 0 ? arguments == static_cast<std::size_t>(arity)
                    : arguments >= static_cast<std::size_t>(-arity);
}

void ReplyWrongArity(std::string_view command, ReplyWriter reply);

inline constexpr std::string_view kWrongType =
    "WRONGTYPE Operation against a key holding the wrong kind of value";
inline constexpr std::string_view kNotAnInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kNotAFloat = "ERR value is not a valid float";
inline constexpr std::string_view kOverflow = "ERR increment or decrement would overflow";
inline constexpr std::string_view kSyntaxError = "ERR syntax error";

// The rows of each file, gathered by FindDataCommand().
std::span<const Command> KeyCommands();
std::span<const Command> StringCommands();
std::span<const Command> ListCommands();
std::span<const Command> HashCommands();
std::span<const Command> SetCommands();

// Finds the key's value, which must be a T. False when it is another type, which is then answered.
// `value` is nullptr when there is no such key.
template <typename T>
bool FindTyped(CommandCall& call, std::string_view key, T** value) {
  StoredValue* stored = call.keys->Find(key);
  *value = stored == nullptr ? nullptr : std::get_if<T>(&stored->data);
  if (stored != nullptr && *value == nullptr) call.reply.Error(kWrongType);
  return stored == nullptr || *value != nullptr;
}

// The same, creating an empty value where there is none. nullptr when another type was answered.
template <typename T>
T* FindOrCreate(CommandCall& call, std::string_view key) {
  T* value = nullptr;
  if (!FindTyped(call, key, &value)) return nullptr;
  if (value == nullptr) value = &std::get<T>(call.keys->Put(key, {T(), {}}).data);
  return value;
}

}  // namespace chaac
