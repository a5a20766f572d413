// LuaStore: an in-memory stand-in for the Valkey process that runs the shipped function library,
// unmodified, in Lua 5.1. It answers the bytes Valkey would answer (lua_store_valkey_test
// compares), for the commands Chaac uses. Time stands still unless it is set. One database, no
// password, no limits. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "store/store_node.h"
#include "store/testing/commands.h"
#include "store/testing/function_libraries.h"
#include "store/testing/keyspace.h"

namespace chaac {

class LuaStore {
 public:
  LuaStore();
  LuaStore(const LuaStore&) = delete;
  LuaStore& operator=(const LuaStore&) = delete;

  // Runs one command and returns its reply.
  std::string Execute(const std::vector<std::string>& arguments);

  // The same, appending the reply to `out`. REQUIRES: !arguments.empty().
  void Execute(std::span<const std::string_view> arguments, std::string* out);

  void SetTime(WallTime now) { keys_.SetTime(now); }

  // From now on, what Valkey would refuse in that state is answered with `error`, and nothing of it
  // is done: "-OOM …" refuses writes that grow, "-LOADING …", "-BUSY …" and "-MASTERDOWN …" refuse
  // all but AUTH, CLIENT, CONFIG, INFO and SELECT, any other refuses writes. "" ends it.
  void SetError(std::string error);

  // What CONFIG GET answers; `maxmemory-policy` is in INFO, too.
  void SetConfig(const std::string& name, const std::string& value);

  // The process ends and starts again with all data and libraries (appendfsync always). An error
  // set before is gone.
  void Restart();

  // Another process takes this one's place, which has these keys and the same libraries: a replica
  // that was promoted. An error set before is gone.
  void Promote(const std::map<std::string, StoredValue>& data);

  // Who answers, as INFO replication tells: another node after Restart() and Promote().
  [[nodiscard]] const StoreNode& node() const { return node_; }
  void SetNode(StoreNode node) { node_ = std::move(node); }

  // Changes made so far: the replication offset.
  [[nodiscard]] std::uint64_t writes() const { return writes_; }

  // What WAIT answers: how many replicas have the first `writes` changes. Without it: none.
  void AnswerWaits(std::function<std::int64_t(std::uint64_t writes)> replicas) {
    replicas_ = std::move(replicas);
  }
  // How many replicas have the first `writes` changes. For RespServer, which knows whose they are.
  [[nodiscard]] std::int64_t ReplicasWith(std::uint64_t writes) const {
    return replicas_ ? replicas_(writes) : 0;
  }

  // The values of keys as they are now, for tests. nullopt: no such key, or another type.
  [[nodiscard]] std::optional<std::string> Get(const std::string& key);
  [[nodiscard]] std::optional<std::vector<std::string>> List(const std::string& key);
  [[nodiscard]] std::optional<std::map<std::string, std::string>> Hash(const std::string& key);
  [[nodiscard]] std::optional<std::set<std::string>> Set(const std::string& key);
  [[nodiscard]] std::optional<std::int64_t> TtlMs(const std::string& key);  // nullopt: none.
  [[nodiscard]] std::vector<std::string> Keys() const;                      // In order.
  // Everything, to compare with an earlier copy.
  [[nodiscard]] std::map<std::string, StoredValue> Snapshot() const { return keys_.Snapshot(); }

 private:
  using Arguments = std::span<const std::string_view>;

  // A command on the server rather than on keys.
  struct ServerCommand {
    std::string_view name;  // Lower case; a subcommand's as "function|load".
    int arity;
    CommandKind kind;
    void (LuaStore::*run)(Arguments arguments, ReplyWriter reply);
  };
  static const ServerCommand* FindServerCommand(std::string_view name);

  void RunForScript(Arguments arguments, ScriptAccess access, ReplyWriter reply);
  void RunServerCommand(const ServerCommand& command, Arguments arguments, ReplyWriter reply);
  void RunDataCommand(const Command& command, Arguments arguments, ReplyWriter reply);
  [[nodiscard]] bool Refuses(CommandKind kind) const;

  void Auth(Arguments arguments, ReplyWriter reply);
  void ClientSetinfo(Arguments arguments, ReplyWriter reply);
  void ClientSetname(Arguments arguments, ReplyWriter reply);
  void ConfigGet(Arguments arguments, ReplyWriter reply);
  void Info(Arguments arguments, ReplyWriter reply);
  void Select(Arguments arguments, ReplyWriter reply);

  void Fcall(Arguments arguments, ReplyWriter reply);
  void FcallRo(Arguments arguments, ReplyWriter reply);
  void CallFunction(Arguments arguments, ScriptAccess allowed, ReplyWriter reply);
  void FunctionDelete(Arguments arguments, ReplyWriter reply);
  void FunctionFlush(Arguments arguments, ReplyWriter reply);
  void FunctionList(Arguments arguments, ReplyWriter reply);
  void FunctionLoad(Arguments arguments, ReplyWriter reply);

  Keyspace keys_;
  FunctionLibraries libraries_;
  std::string error_;  // Without '-'; empty: none.
  std::map<std::string, std::string> config_;
  StoreNode node_;
  std::uint64_t writes_ = 0;
  std::function<std::int64_t(std::uint64_t)> replicas_;
};

}  // namespace chaac
