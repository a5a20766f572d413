// FunctionLibraries: what FUNCTION LOAD, LIST, DELETE and FLUSH work on. Owns the interpreter.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "store/testing/lua_engine.h"
#include "store/testing/reply_writer.h"

namespace chaac {

enum class OnExisting : std::uint8_t { kRefuse, kReplace };

// Whether `text` matches a pattern of '*', '?' and [sets], in any case.
bool MatchesPattern(std::string_view pattern, std::string_view text);

class FunctionLibraries {
 public:
  explicit FunctionLibraries(LuaEngine::RunCommand run_command);

  // Returns the library's name, or why it cannot be loaded; then nothing has changed.
  tl::expected<std::string, std::string> Load(std::string_view code, OnExisting on_existing);

  // False when there is no such library.
  bool Delete(const std::string& library);
  void Flush();

  // A new interpreter with the same libraries: what their variables held is lost.
  void Restart();

  // Writes what FUNCTION LIST answers about the libraries whose names match `pattern`.
  enum class Code : std::uint8_t { kOmit, kInclude };
  void List(std::string_view pattern, Code code, ReplyWriter reply) const;

  // nullptr when there is no such function. Valid until the libraries change.
  [[nodiscard]] const LuaFunction* Find(std::string_view function) const;

  [[nodiscard]] LuaEngine& engine() { return *engine_; }

 private:
  struct Library {
    std::string code;  // As given.
    std::vector<LuaFunction> functions;
  };

  void Release(const Library& library);

  LuaEngine::RunCommand run_command_;
  std::unique_ptr<LuaEngine> engine_;
  std::map<std::string, Library> libraries_;
};

}  // namespace chaac
