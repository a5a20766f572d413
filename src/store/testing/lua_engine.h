// LuaEngine: the Lua 5.1 interpreter in which functions run, with the interface and the
// restrictions Valkey gives them: redis.call and its like, protected globals, a smaller set of
// names while a library loads, Valkey's pcall, errors with their position. The interpreter lives as
// long as the engine, so the variables of a library keep their values from call to call.
//
// Not emulated, each absent so that a function which needs it fails: RESP3, cjson, cmsgpack,
// struct, bit, redis.sha1hex, redis.set_repl, redis.acl_check_cmd, version constants, math.random.
// Library tables are protected by proxies: pairs(string) sees nothing, rawset is not refused. Not
// thread-safe: an engine stays on one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "store/testing/reply_writer.h"

struct lua_State;

namespace chaac {

enum class ScriptAccess : std::uint8_t { kReadWrite, kReadOnly };

// Whether a library or a function may be called so; if not, Valkey says kBadFunctionName.
bool IsFunctionName(std::string_view name);
inline constexpr std::string_view kBadFunctionName =
    "Library names can only contain letters, numbers, or underscores(_) and must be at least one "
    "character long";

// What register_function() was told.
struct LuaFunction {
  std::string name;
  std::optional<std::string> description;
  std::vector<std::string> flags;  // In Valkey's order.
  int callback = 0;                // A reference in Lua's registry.

  [[nodiscard]] bool HasFlag(std::string_view flag) const;
};

class LuaEngine {
 public:
  // Runs a command for a function and writes one reply.
  using RunCommand =
      std::function<void(std::span<const std::string_view>, ScriptAccess, ReplyWriter)>;

  explicit LuaEngine(RunCommand run_command);
  LuaEngine(const LuaEngine&) = delete;
  LuaEngine& operator=(const LuaEngine&) = delete;
  ~LuaEngine();

  // Runs a library's code; returns the functions it registers, or why it cannot.
  tl::expected<std::vector<LuaFunction>, std::string> Load(std::string_view code);

  // Lets go of a function that will not be called again.
  void Release(const LuaFunction& function);

  // Calls a function and writes its reply. What it wrote before an error stays written.
  void Call(const LuaFunction& function, std::span<const std::string_view> keys,
            std::span<const std::string_view> arguments, ScriptAccess access, ReplyWriter reply);

 private:
  struct StateCloser {
    void operator()(lua_State* lua) const;
  };

  // Functions that Lua calls find their engine in their first upvalue.
  static LuaEngine& EngineOf(lua_State* lua);
  static int Pcall(lua_State* lua);
  static int RegisterFunction(lua_State* lua);

  void OpenLibraries();
  void BuildGlobals();
  void BuildLibraryGlobals();
  void PushEngineFunction(int (*function)(lua_State*));
  // Which table the globals are read from: that of calls, or that of loading.
  void ReadGlobalsFrom(int reference);
  // Runs the command that the values on the stack are and pushes its reply. False when that is an
  // error.
  bool RunCommandOnStack(lua_State* lua);
  bool ReadRegistration(LuaFunction* function);
  bool ReadNamedArguments(LuaFunction* function);
  bool ReadFlags(LuaFunction* function);

  RunCommand run_command_;
  std::unique_ptr<lua_State, StateCloser> state_;
  int call_globals_ = 0;  // References in Lua's registry.
  int load_globals_ = 0;
  std::vector<LuaFunction>* registered_ = nullptr;  // While a library loads.
  ScriptAccess access_ = ScriptAccess::kReadWrite;  // Of the call under way.
  std::vector<std::string_view> arguments_;         // Of the command under way.
  std::string reply_;
};

}  // namespace chaac
