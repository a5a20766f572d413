// Commands to keys, functions to Lua.
#include "store/testing/lua_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

namespace chaac {
namespace {

// As Valkey names itself: 40 hexadecimal digits, each time others.
StoreNode NewNode() {
  static std::atomic<std::uint64_t> count{0};
  return {.replication_id = fmt::format("{:040x}", ++count), .predecessor_id = {}};
}

// How much of an unknown command its error shows, in bytes.
constexpr std::size_t kShownMax = 128;

// Valkey prints what clients sent as C strings.
std::string_view AsCString(std::string_view text) { return text.substr(0, text.find('\0')); }

// "ERR unknown command 'foo', with args beginning with: 'bar' 'baz' "
void ReplyUnknownCommand(std::span<const std::string_view> arguments, ReplyWriter reply) {
  std::string shown;
  for (const auto argument : arguments.subspan(1)) {
    if (shown.size() >= kShownMax) break;
    shown += "'" + std::string(AsCString(argument.substr(0, kShownMax - shown.size()))) + "' ";
  }
  reply.Error("ERR unknown command '" + std::string(AsCString(arguments[0].substr(0, kShownMax))) +
              "', with args beginning with: " + shown);
}

bool HasSubcommands(std::string_view name) {
  return name == "function" || name == "config" || name == "client";
}

}  // namespace

LuaStore::LuaStore()
    : libraries_([this](Arguments arguments, ScriptAccess access, ReplyWriter reply) {
        RunForScript(arguments, access, reply);
      }),
      config_{{"appendfsync", "always"},
              {"appendonly", "yes"},
              {"maxmemory", "0"},
              {"maxmemory-policy", "noeviction"}},
      node_(NewNode()) {}

std::string LuaStore::Execute(const std::vector<std::string>& arguments) {
  const std::vector<std::string_view> views(arguments.begin(), arguments.end());
  std::string reply;
  Execute(views, &reply);
  return reply;
}

void LuaStore::Execute(std::span<const std::string_view> arguments, std::string* out) {
  const ReplyWriter reply(out);
  if (const Command* command = FindDataCommand(arguments[0])) {
    return RunDataCommand(*command, arguments, reply);
  }
  std::string name = ToLower(arguments[0]);
  if (HasSubcommands(name)) {
    if (arguments.size() < 2) return ReplyWrongArity(name, reply);
    name += "|" + ToLower(arguments[1]);
  }
  if (const ServerCommand* command = FindServerCommand(name)) {
    return RunServerCommand(*command, arguments, reply);
  }
  if (const auto bar = name.find('|'); bar != std::string::npos) {
    std::string container = name.substr(0, bar);
    std::transform(container.begin(), container.end(), container.begin(),
                   [](char c) { return static_cast<char>(std::toupper(c)); });
    return ReplyWriter(out).Error("ERR unknown subcommand '" + std::string(arguments[1]) +
                                  "'. Try " + container + " HELP.");
  }
  ReplyUnknownCommand(arguments, reply);
}

void LuaStore::RunServerCommand(const ServerCommand& command, Arguments arguments,
                                ReplyWriter reply) {
  if (!ArityFits(command.arity, arguments.size())) return ReplyWrongArity(command.name, reply);
  if (command.kind != CommandKind::kRead && Refuses(command.kind)) return reply.Error(error_);
  (this->*command.run)(arguments, reply);
}

void LuaStore::RunDataCommand(const Command& command, Arguments arguments, ReplyWriter reply) {
  if (!ArityFits(command.arity, arguments.size())) return ReplyWrongArity(command.name, reply);
  const bool is_refused_ping = command.name == "ping" && error_.starts_with("MISCONF");
  if (Refuses(command.kind) || is_refused_ping) return reply.Error(error_);
  CommandCall call{&keys_, arguments, reply};
  command.run(call);
  if (command.kind != CommandKind::kRead) ++writes_;
}

// What redis.call() runs. An error set from outside refuses whole functions, not what is in them.
void LuaStore::RunForScript(Arguments arguments, ScriptAccess access, ReplyWriter reply) {
  const Command* command = FindDataCommand(arguments[0]);
  if (command == nullptr) {
    const std::string name = ToLower(arguments[0]);
    const bool is_known = HasSubcommands(name) || FindServerCommand(name) != nullptr;
    return reply.Error(is_known ? "ERR This Redis command is not allowed from script"
                                : "ERR Unknown command called from script");
  }
  if (!ArityFits(command->arity, arguments.size())) {
    return reply.Error("ERR Wrong number of args calling command from script");
  }
  if (access == ScriptAccess::kReadOnly && command->kind != CommandKind::kRead) {
    return reply.Error("ERR Write commands are not allowed from read-only scripts.");
  }
  CommandCall call{&keys_, arguments, reply};
  command->run(call);
  if (command->kind != CommandKind::kRead) ++writes_;
}

void LuaStore::SetError(std::string error) {
  error_ = std::move(error);
  if (error_.starts_with('-')) error_.erase(0, 1);
}

bool LuaStore::Refuses(CommandKind kind) const {
  if (error_.empty()) return false;
  for (const auto code : {"LOADING", "BUSY", "MASTERDOWN"}) {
    if (error_.starts_with(code)) return true;
  }
  return kind == CommandKind::kGrowingWrite ||
         (kind == CommandKind::kWrite && !error_.starts_with("OOM"));
}

void LuaStore::SetConfig(const std::string& name, const std::string& value) {
  config_[name] = value;
}

void LuaStore::Restart() {
  error_.clear();
  node_ = NewNode();
  libraries_.Restart();
}

void LuaStore::Promote(const std::map<std::string, StoredValue>& data) {
  const StoreNode replaced = node_;
  Restart();
  node_.predecessor_id = replaced.replication_id;
  keys_.Clear();
  for (const auto& [key, value] : data) keys_.Put(key, value);
}

namespace {

template <typename T>
const T* ValueAs(Keyspace& keys, const std::string& key) {
  const StoredValue* value = keys.Find(key);
  return value == nullptr ? nullptr : std::get_if<T>(&value->data);
}

}  // namespace

std::optional<std::string> LuaStore::Get(const std::string& key) {
  const auto* value = ValueAs<StoredString>(keys_, key);
  if (value == nullptr) return std::nullopt;
  return *value;
}

std::optional<std::vector<std::string>> LuaStore::List(const std::string& key) {
  const auto* list = ValueAs<StoredList>(keys_, key);
  if (list == nullptr) return std::nullopt;
  return std::vector<std::string>(list->begin(), list->end());
}

std::optional<std::map<std::string, std::string>> LuaStore::Hash(const std::string& key) {
  const auto* hash = ValueAs<StoredHash>(keys_, key);
  if (hash == nullptr) return std::nullopt;
  return std::map<std::string, std::string>(hash->begin(), hash->end());
}

std::optional<std::set<std::string>> LuaStore::Set(const std::string& key) {
  const auto* set = ValueAs<StoredSet>(keys_, key);
  if (set == nullptr) return std::nullopt;
  return std::set<std::string>(set->begin(), set->end());
}

std::optional<std::int64_t> LuaStore::TtlMs(const std::string& key) {
  const StoredValue* value = keys_.Find(key);
  if (value == nullptr || !value->expires_at) return std::nullopt;
  return (*value->expires_at - keys_.now()).count();
}

std::vector<std::string> LuaStore::Keys() const {
  std::vector<std::string> names;
  for (const auto& [key, value] : keys_.Snapshot()) names.push_back(key);
  return names;
}

}  // namespace chaac
