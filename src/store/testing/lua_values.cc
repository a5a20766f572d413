// Replies to Lua values and back, by the rules of Valkey.
#include "store/testing/lua_values.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace chaac {
namespace {

std::string_view StringAt(lua_State* lua, int index) {
  std::size_t size = 0;
  const char* text = lua_tolstring(lua, index, &size);
  return {text, size};
}

void PushString(lua_State* lua, std::string_view text) {
  lua_pushlstring(lua, text.data(), text.size());
}

// Pushes the reply at `position` of `bytes` and returns the position behind it.
std::size_t PushReplyAt(lua_State* lua, std::string_view bytes, std::size_t position) {
  luaL_checkstack(lua, 4, "a reply is nested too deeply");
  const char type = bytes[position];
  const auto line_end = bytes.find("\r\n", position);
  const auto line = bytes.substr(position + 1, line_end - position - 1);
  position = line_end + 2;
  if (type == '+') {
    lua_createtable(lua, 0, 1);
    PushString(lua, line);
    lua_setfield(lua, -2, "ok");
    return position;
  }
  if (type == '-') {
    PushErrorTable(lua, line);
    lua_pushboolean(lua, 1);
    lua_setfield(lua, -2, "ignore_error_stats_update");
    return position;
  }
  std::int64_t number = 0;
  std::from_chars(line.data(), line.data() + line.size(), number);
  if (type == ':') {
    lua_pushnumber(lua, static_cast<lua_Number>(number));
    return position;
  }
  if (number < 0) {
    lua_pushboolean(lua, 0);
    return position;
  }
  if (type == '$') {
    const auto size = static_cast<std::size_t>(number);
    PushString(lua, bytes.substr(position, size));
    return position + size + 2;
  }
  const auto elements = static_cast<int>(number);
  lua_createtable(lua, elements, 0);
  for (int i = 1; i <= elements; ++i) {
    position = PushReplyAt(lua, bytes, position);
    lua_rawseti(lua, -2, i);
  }
  return position;
}

// The string that the table on top of the stack has as `field`. The string lives as long as the
// table.
std::optional<std::string_view> RawStringField(lua_State* lua, std::string_view field) {
  PushString(lua, field);
  lua_rawget(lua, -2);
  std::optional<std::string_view> text;
  if (lua_type(lua, -1) == LUA_TSTRING) text = StringAt(lua, -1);
  lua_pop(lua, 1);
  return text;
}

void ReplyWithTable(lua_State* lua, ReplyWriter reply) {
  if (const auto error = RawStringField(lua, "err")) return reply.Error(*error);
  if (const auto ok = RawStringField(lua, "ok")) return reply.Status(*ok);
  int elements = 0;
  for (bool more = true; more;) {
    lua_rawgeti(lua, -1, elements + 1);
    more = !lua_isnil(lua, -1);
    if (more) ++elements;
    lua_pop(lua, 1);
  }
  reply.Array(static_cast<std::size_t>(elements));
  for (int i = 1; i <= elements; ++i) {
    lua_rawgeti(lua, -1, i);
    ReplyWithValue(lua, reply);
    lua_pop(lua, 1);
  }
}

// What a C cast does on x86-64, defined for all numbers.
std::int64_t Truncated(double number) {
  const bool fits = std::abs(number) < 0x1p63;
  return fits ? static_cast<std::int64_t>(number) : std::numeric_limits<std::int64_t>::min();
}

}  // namespace

void PushReply(lua_State* lua, std::string_view reply) { PushReplyAt(lua, reply, 0); }

void PushErrorTable(lua_State* lua, std::string_view message) {
  lua_createtable(lua, 0, 2);
  PushString(lua, message);
  lua_setfield(lua, -2, "err");
}

void PushStrings(lua_State* lua, std::span<const std::string_view> strings) {
  lua_createtable(lua, static_cast<int>(strings.size()), 0);
  int position = 0;
  for (const auto text : strings) {
    PushString(lua, text);
    lua_rawseti(lua, -2, ++position);
  }
}

void ReplyWithValue(lua_State* lua, ReplyWriter reply) {
  if (lua_checkstack(lua, 4) == 0) return reply.Error("ERR reached lua stack limit");
  switch (lua_type(lua, -1)) {
    case LUA_TSTRING:
      return reply.Bulk(StringAt(lua, -1));
    case LUA_TNUMBER:
      return reply.Integer(Truncated(lua_tonumber(lua, -1)));
    case LUA_TBOOLEAN:
      return lua_toboolean(lua, -1) != 0 ? reply.Integer(1) : reply.Null();
    case LUA_TTABLE:
      return ReplyWithTable(lua, reply);
    default:
      return reply.Null();
  }
}

std::string ErrorMessage(lua_State* lua) {
  if (lua_isstring(lua, -1) != 0) return "ERR " + std::string(StringAt(lua, -1));
  const auto message = lua_istable(lua, -1) ? RawStringField(lua, "err") : std::nullopt;
  return std::string(message.value_or("ERR unknown error"));
}

}  // namespace chaac
