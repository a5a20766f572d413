// The two conversions between replies and Lua values, as Valkey makes them for functions (RESP2).
// Maps, doubles and the other RESP3 forms of a table are not emulated.
#pragma once

#include <lua.hpp>
#include <span>
#include <string>
#include <string_view>

#include "store/testing/reply_writer.h"

namespace chaac {

// Pushes what redis.call() returns for `reply`: one whole reply. Nil becomes false, a status {ok =
// …}, an error {err = …}.
void PushReply(lua_State* lua, std::string_view reply);

// Pushes {err = message}. `message` opens with its code.
void PushErrorTable(lua_State* lua, std::string_view message);

// Pushes a list of strings.
void PushStrings(lua_State* lua, std::span<const std::string_view> strings);

// Answers what a function returned: the value on top of the stack. Numbers lose their fraction,
// lists end at the first nil.
void ReplyWithValue(lua_State* lua, ReplyWriter reply);

// The message of the error on top of the stack: of {err = message}, or "ERR " and a plain string.
std::string ErrorMessage(lua_State* lua);

}  // namespace chaac
