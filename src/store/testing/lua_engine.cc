// Lua reports errors by longjmp, which runs no destructors: a function that may raise one holds no
// C++ object at that point. Work is done in functions that return, and the raise follows outside of
// them.
#include "store/testing/lua_engine.h"

#include <algorithm>
#include <array>
#include <lua.hpp>
#include <memory_resource>
#include <new>
#include <utility>

#include "store/testing/commands.h"
#include "store/testing/lua_values.h"
#include "store/testing/numbers.h"

namespace chaac {
namespace {

constexpr std::array<std::string_view, 5> kFlags = {"no-writes", "allow-oom", "allow-stale",
                                                    "no-cluster", "allow-cross-slot-keys"};

constexpr std::array<const char*, 4> kLogLevels = {"LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE",
                                                   "LOG_WARNING"};
constexpr int kLogLevelMax = static_cast<int>(kLogLevels.size()) - 1;

// Where all interpreters of a thread take their memory from: a simulation makes thousands of them,
// one after the other, and so each finds its pages mapped.
std::pmr::memory_resource* Memory() {
  thread_local std::pmr::unsynchronized_pool_resource memory({0, std::size_t{1} << 20U});
  return &memory;
}

// Lua's allocator.
void* Allocate(void* resource, void* old, std::size_t old_size, std::size_t new_size) {
  auto& memory = *static_cast<std::pmr::memory_resource*>(resource);
  void* block = new_size == 0 ? nullptr : memory.allocate(new_size);
  if (old != nullptr) {
    std::copy_n(static_cast<const char*>(old), std::min(old_size, new_size),
                static_cast<char*>(block));
    memory.deallocate(old, old_size);
  }
  return block;
}

int RefuseWrite(lua_State* lua) { return luaL_error(lua, "Attempt to modify a readonly table"); }

int RefuseUnknownGlobal(lua_State* lua) {
  return luaL_error(lua, "Script attempted to access nonexistent global variable '%s'",
                    lua_tostring(lua, -1));
}

// The handler of errors that no function caught: makes a table of the error and adds where it
// happened.
int AddPosition(lua_State* lua) {
  lua_Debug where;
  bool known = lua_getstack(lua, 1, &where) != 0 && lua_getinfo(lua, "Sl", &where) != 0;
  if (known && where.what == std::string_view("C")) {
    known = lua_getstack(lua, 2, &where) != 0 && lua_getinfo(lua, "Sl", &where) != 0;
  }
  if (!lua_istable(lua, 1)) {
    lua_createtable(lua, 0, 3);
    const char* text = lua_tostring(lua, 1);
    lua_pushfstring(lua, "ERR %s", text == nullptr ? luaL_typename(lua, 1) : text);
    lua_setfield(lua, -2, "err");
    lua_replace(lua, 1);
  }
  lua_settop(lua, 1);
  if (known) {
    lua_pushstring(lua, where.source);
    lua_setfield(lua, 1, "source");
    lua_pushinteger(lua, where.currentline);
    lua_setfield(lua, 1, "line");
  }
  return 1;
}

int RaiseError(lua_State* lua, const char* message) {
  PushErrorTable(lua, message);
  return lua_error(lua);
}

// redis.log(level, text, …): checks its arguments; the text goes nowhere.
int Log(lua_State* lua) {
  if (lua_gettop(lua) < 2) {
    return RaiseError(lua, "ERR server.log() requires two arguments or more.");
  }
  if (lua_isnumber(lua, 1) == 0) {
    return RaiseError(lua, "ERR First argument must be a number (log level).");
  }
  const lua_Number level = lua_tonumber(lua, 1);
  if (level < 0 || level > kLogLevelMax) return RaiseError(lua, "ERR Invalid log level.");
  return 0;
}

// The one argument of error_reply and status_reply, or an error table in its place.
bool HasOneString(lua_State* lua) {
  if (lua_gettop(lua) == 1 && lua_type(lua, 1) == LUA_TSTRING) return true;
  PushErrorTable(lua, "ERR wrong number or type of arguments");
  return false;
}

int ErrorReply(lua_State* lua) {
  if (!HasOneString(lua)) return 1;
  std::string_view message = lua_tostring(lua, 1);
  if (message.starts_with('-')) message.remove_prefix(1);
  if (message.find(' ') == std::string_view::npos) {
    lua_pushfstring(lua, "ERR %s", message.data());
    message = lua_tostring(lua, -1);
  }
  PushErrorTable(lua, message);
  return 1;
}

int StatusReply(lua_State* lua) {
  if (!HasOneString(lua)) return 1;
  lua_createtable(lua, 0, 1);
  lua_pushvalue(lua, 1);
  lua_setfield(lua, -2, "ok");
  return 1;
}

void SetLogFields(lua_State* lua) {
  lua_pushcfunction(lua, Log);
  lua_setfield(lua, -2, "log");
  for (int level = 0; level <= kLogLevelMax; ++level) {
    lua_pushinteger(lua, level);
    lua_setfield(lua, -2, kLogLevels.at(static_cast<std::size_t>(level)));
  }
}

// Gives the table on top of the stack a metatable; nullptr: without that method.
void SetMethods(lua_State* lua, lua_CFunction index, lua_CFunction newindex) {
  lua_createtable(lua, 0, 2);
  if (index != nullptr) {
    lua_pushcfunction(lua, index);
    lua_setfield(lua, -2, "__index");
  }
  if (newindex != nullptr) {
    lua_pushcfunction(lua, newindex);
    lua_setfield(lua, -2, "__newindex");
  }
  lua_setmetatable(lua, -2);
}

// Replaces the table on top of the stack by an empty one that reads from it and refuses writes.
void ProtectTable(lua_State* lua) {
  lua_newtable(lua);
  SetMethods(lua, nullptr, RefuseWrite);
  lua_getmetatable(lua, -1);
  lua_pushvalue(lua, -3);
  lua_setfield(lua, -2, "__index");
  lua_pop(lua, 1);
  lua_remove(lua, -2);
}

}  // namespace

bool IsFunctionName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool LuaFunction::HasFlag(std::string_view flag) const {
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

void LuaEngine::StateCloser::operator()(lua_State* lua) const { lua_close(lua); }

LuaEngine::LuaEngine(RunCommand run_command)
    : run_command_(std::move(run_command)), state_(lua_newstate(Allocate, Memory())) {
  if (state_ == nullptr) throw std::bad_alloc();
  OpenLibraries();
  BuildGlobals();
  BuildLibraryGlobals();
}

LuaEngine::~LuaEngine() = default;

void LuaEngine::PushEngineFunction(lua_CFunction function) {
  lua_pushlightuserdata(state_.get(), this);
  lua_pushcclosure(state_.get(), function, 1);
}

LuaEngine& LuaEngine::EngineOf(lua_State* lua) {
  return *static_cast<LuaEngine*>(lua_touserdata(lua, lua_upvalueindex(1)));
}

// Opens what functions may use of Lua's own libraries.
void LuaEngine::OpenLibraries() {
  lua_State* lua = state_.get();
  for (const auto open : {luaopen_base, luaopen_table, luaopen_string, luaopen_math, luaopen_os}) {
    lua_pushcfunction(lua, open);
    lua_call(lua, 0, 0);
  }
  for (const char* name : {"dofile", "loadfile", "print"}) {
    lua_pushnil(lua);
    lua_setglobal(lua, name);
  }
  lua_getglobal(lua, "math");
  for (const char* name : {"random", "randomseed"}) {
    lua_pushnil(lua);
    lua_setfield(lua, -2, name);
  }
  lua_pop(lua, 1);
  lua_getglobal(lua, "os");
  lua_createtable(lua, 0, 1);
  lua_getfield(lua, -2, "clock");
  lua_setfield(lua, -2, "clock");
  lua_setglobal(lua, "os");
  lua_pop(lua, 1);
  lua_pushcfunction(lua, Pcall);
  lua_setglobal(lua, "pcall");
}

// The globals of calls: Lua's libraries and `redis`, behind an empty table that refuses writes.
void LuaEngine::BuildGlobals() {
  lua_State* lua = state_.get();
  lua_newtable(lua);
  PushEngineFunction(
      [](lua_State* l) { return EngineOf(l).RunCommandOnStack(l) ? 1 : lua_error(l); });
  lua_setfield(lua, -2, "call");
  PushEngineFunction([](lua_State* l) {
    EngineOf(l).RunCommandOnStack(l);
    return 1;
  });
  lua_setfield(lua, -2, "pcall");
  lua_pushcfunction(lua, ErrorReply);
  lua_setfield(lua, -2, "error_reply");
  lua_pushcfunction(lua, StatusReply);
  lua_setfield(lua, -2, "status_reply");
  SetLogFields(lua);
  lua_setglobal(lua, "redis");
  for (const char* name : {"redis", "table", "string", "math", "os", "coroutine"}) {
    lua_getglobal(lua, name);
    ProtectTable(lua);
    lua_setglobal(lua, name);
  }
  lua_getglobal(lua, "redis");
  lua_setglobal(lua, "server");

  lua_pushvalue(lua, LUA_GLOBALSINDEX);
  SetMethods(lua, RefuseUnknownGlobal, nullptr);
  lua_pushvalue(lua, -1);
  call_globals_ = luaL_ref(lua, LUA_REGISTRYINDEX);
  ProtectTable(lua);
  lua_pushvalue(lua, -1);
  lua_setglobal(lua, "_G");
  lua_replace(lua, LUA_GLOBALSINDEX);
}

// The globals while a library loads: `redis`, with register_function and log, and nothing else.
void LuaEngine::BuildLibraryGlobals() {
  lua_State* lua = state_.get();
  lua_newtable(lua);
  lua_newtable(lua);
  PushEngineFunction(RegisterFunction);
  lua_setfield(lua, -2, "register_function");
  SetLogFields(lua);
  SetMethods(lua, RefuseUnknownGlobal, RefuseWrite);
  lua_pushvalue(lua, -1);
  lua_setfield(lua, -3, "redis");
  lua_setfield(lua, -2, "server");
  SetMethods(lua, RefuseUnknownGlobal, RefuseWrite);
  load_globals_ = luaL_ref(lua, LUA_REGISTRYINDEX);
}

void LuaEngine::ReadGlobalsFrom(int reference) {
  lua_State* lua = state_.get();
  lua_getmetatable(lua, LUA_GLOBALSINDEX);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, reference);
  lua_setfield(lua, -2, "__index");
  lua_pop(lua, 1);
}

tl::expected<std::vector<LuaFunction>, std::string> LuaEngine::Load(std::string_view code) {
  lua_State* lua = state_.get();
  std::vector<LuaFunction> functions;
  std::string error;
  if (luaL_loadbuffer(lua, code.data(), code.size(), "@user_function") != 0) {
    error = "Error compiling function: " + std::string(lua_tostring(lua, -1));
  } else {
    registered_ = &functions;
    ReadGlobalsFrom(load_globals_);
    if (lua_pcall(lua, 0, 0, 0) != 0) {
      error = "Error registering functions: " + ErrorMessage(lua);
    } else if (functions.empty()) {
      error = "No functions registered";
    }
    ReadGlobalsFrom(call_globals_);
    registered_ = nullptr;
  }
  lua_settop(lua, 0);
  if (error.empty()) return functions;
  for (const LuaFunction& function : functions) Release(function);
  return tl::unexpected(std::move(error));
}

void LuaEngine::Release(const LuaFunction& function) {
  luaL_unref(state_.get(), LUA_REGISTRYINDEX, function.callback);
}

void LuaEngine::Call(const LuaFunction& function, std::span<const std::string_view> keys,
                     std::span<const std::string_view> arguments, ScriptAccess access,
                     ReplyWriter reply) {
  lua_State* lua = state_.get();
  access_ = access;
  lua_pushcfunction(lua, AddPosition);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, function.callback);
  PushStrings(lua, keys);
  PushStrings(lua, arguments);
  if (lua_pcall(lua, 2, 1, 1) == 0) {
    ReplyWithValue(lua, reply);
  } else {
    std::string message = ErrorMessage(lua);
    lua_getfield(lua, -1, "source");
    lua_getfield(lua, -2, "line");
    if (lua_isstring(lua, -2) != 0 && lua_isstring(lua, -1) != 0) {
      message += " script: " + function.name + ", on " + lua_tostring(lua, -2) + ":" +
                 lua_tostring(lua, -1) + ".";
    }
    reply.Error(message);
  }
  lua_settop(lua, 0);
}

// Valkey's pcall: of an error that is a table with an `err`, that string alone is returned.
int LuaEngine::Pcall(lua_State* lua) {
  luaL_checkany(lua, 1);
  const bool failed = lua_pcall(lua, lua_gettop(lua) - 1, LUA_MULTRET, 0) != 0;
  if (failed && lua_istable(lua, -1)) {
    lua_getfield(lua, -1, "err");
    if (lua_isstring(lua, -1) != 0) {
      lua_replace(lua, -2);
    } else {
      lua_pop(lua, 1);
    }
  }
  lua_pushboolean(lua, failed ? 0 : 1);
  lua_insert(lua, 1);
  return lua_gettop(lua);
}

bool LuaEngine::RunCommandOnStack(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (count == 0) {
    PushErrorTable(lua, "ERR Please specify at least one argument for this call");
    return false;
  }
  arguments_.clear();
  for (int i = 1; i <= count; ++i) {
    if (lua_type(lua, i) == LUA_TNUMBER) {
      const std::string text = FormatLuaNumber(lua_tonumber(lua, i));
      lua_pushlstring(lua, text.data(), text.size());
      lua_replace(lua, i);
    }
    std::size_t size = 0;
    const char* text = lua_tolstring(lua, i, &size);
    if (text == nullptr) {
      PushErrorTable(lua, "ERR Command arguments must be strings or integers");
      return false;
    }
    arguments_.emplace_back(text, size);
  }
  reply_.clear();
  run_command_(arguments_, access_, ReplyWriter(&reply_));
  PushReply(lua, reply_);
  return !reply_.starts_with('-');
}

int LuaEngine::RegisterFunction(lua_State* lua) {
  LuaEngine& engine = EngineOf(lua);
  const auto read = [&engine] {
    LuaFunction function;
    if (!engine.ReadRegistration(&function)) return false;
    engine.registered_->push_back(std::move(function));
    return true;
  };
  return read() ? 0 : lua_error(lua);
}

// Reads the arguments on the stack. False with an error table pushed when they are not as they must
// be.
bool LuaEngine::ReadRegistration(LuaFunction* function) {
  lua_State* lua = state_.get();
  const auto fail = [lua](std::string_view message) {
    PushErrorTable(lua, message);
    return false;
  };
  if (lua_gettop(lua) == 1) {
    if (!lua_istable(lua, 1)) {
      return fail(
          "ERR calling server.register_function with a single argument is only applicable to "
          "Lua table (representing named arguments).");
    }
    if (!ReadNamedArguments(function)) return false;
  } else if (lua_gettop(lua) == 2) {
    if (lua_isstring(lua, 1) == 0) {
      return fail("ERR first argument to server.register_function must be a string");
    }
    if (!lua_isfunction(lua, 2)) {
      return fail("ERR second argument to server.register_function must be a function");
    }
    function->name = lua_tostring(lua, 1);
    function->callback = luaL_ref(lua, LUA_REGISTRYINDEX);
  } else {
    return fail("ERR wrong number of arguments to server.register_function");
  }
  if (!IsFunctionName(function->name)) {
    return fail("ERR " + std::string(kBadFunctionName));
  }
  const auto has_name = [function](const LuaFunction& f) { return f.name == function->name; };
  if (std::any_of(registered_->begin(), registered_->end(), has_name)) {
    return fail("ERR Function already exists in the library");
  }
  return true;
}

bool LuaEngine::ReadNamedArguments(LuaFunction* function) {
  lua_State* lua = state_.get();
  const auto fail = [lua](std::string_view message) {
    PushErrorTable(lua, message);
    return false;
  };
  for (lua_pushnil(lua); lua_next(lua, 1) != 0;) {
    const std::string key = lua_type(lua, -2) == LUA_TSTRING ? ToLower(lua_tostring(lua, -2)) : "";
    if (key == "callback") {
      if (!lua_isfunction(lua, -1)) {
        return fail("ERR callback argument given to server.register_function must be a function");
      }
      function->callback = luaL_ref(lua, LUA_REGISTRYINDEX);  // Pops the value.
      continue;
    }
    if (key == "function_name" || key == "description") {
      if (lua_isstring(lua, -1) == 0) {
        return fail("ERR " + key + " argument given to server.register_function must be a string");
      }
      if (key == "description") {
        function->description = lua_tostring(lua, -1);
      } else {
        function->name = lua_tostring(lua, -1);
      }
    } else if (key == "flags") {
      if (!lua_istable(lua, -1)) {
        return fail(
            "ERR flags argument to server.register_function must be a table representing "
            "function flags");
      }
      if (!ReadFlags(function)) return fail("ERR unknown flag given");
    } else {
      return fail("ERR unknown argument given to server.register_function");
    }
    lua_pop(lua, 1);
  }
  if (function->name.empty()) {
    return fail("ERR server.register_function must get a function name argument");
  }
  if (function->callback == 0) {
    return fail("ERR server.register_function must get a callback argument");
  }
  return true;
}

// Reads the list of flags on top of the stack. False when one is unknown.
bool LuaEngine::ReadFlags(LuaFunction* function) {
  lua_State* lua = state_.get();
  std::vector<std::string> given;
  for (int i = 1;; ++i) {
    lua_rawgeti(lua, -1, i);
    const bool more = !lua_isnil(lua, -1);
    const bool is_text = lua_type(lua, -1) == LUA_TSTRING;
    if (is_text) given.push_back(ToLower(lua_tostring(lua, -1)));
    lua_pop(lua, 1);
    if (!more) break;
    if (!is_text || std::find(kFlags.begin(), kFlags.end(), given.back()) == kFlags.end()) {
      return false;
    }
  }
  for (const auto flag : kFlags) {
    if (std::find(given.begin(), given.end(), flag) != given.end()) {
      function->flags.emplace_back(flag);
    }
  }
  return true;
}

}  // namespace chaac
