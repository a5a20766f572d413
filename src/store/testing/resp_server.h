// RespServer: the store's end of one client connection. Bytes go in as they arrive, cut anywhere,
// many commands at once; the replies of the commands they complete come out. WAIT answers at once.
// Only arrays of bulk strings are understood, as Valkey's clients send them; on anything else it
// answers an error and closes. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/testing/lua_store.h"

namespace chaac {

class RespServer {
 public:
  // `store` outlives the connection.
  explicit RespServer(LuaStore* store) : store_(store) {}

  // Runs every command that is complete now and returns their replies.
  std::string Feed(std::string_view bytes);

  // After a protocol error: Valkey would have closed the connection.
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  // Reads the next part of a command. False when its bytes are not all there.
  bool ReadPart(std::string* replies);
  // The number in the next line, which opens with `type`. nullopt: more bytes are needed, or
  // closed.
  std::optional<std::int64_t> ReadHeader(char type, std::string* replies);

  void Execute(std::string* replies);

  LuaStore* store_;
  std::uint64_t last_write_ = 0;  // LuaStore::writes() after this connection's last change.
  std::string input_;
  std::size_t position_ = 0;           // Of the first byte in `input_` not yet read.
  std::size_t arguments_missing_ = 0;  // Of the command under way.
  std::optional<std::size_t> bulk_bytes_;
  std::vector<std::string> arguments_;
  bool closed_ = false;
};

}  // namespace chaac
