// FUNCTION LOAD, LIST, DELETE and FLUSH.
#include "store/testing/function_libraries.h"

#include <fnmatch.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "store/testing/commands.h"

namespace chaac {
namespace {

struct Header {
  std::string name;
  std::string_view code;  // From the end of the first line on, so that line numbers hold.
};

// Reads the first line, "#!lua name=<library>".
tl::expected<Header, std::string> ParseHeader(std::string_view code) {
  if (!code.starts_with("#!")) return tl::unexpected<std::string>("Missing library metadata");
  const auto line_end = code.find('\n');
  if (line_end == std::string_view::npos)
    return tl::unexpected<std::string>("Invalid library metadata");
  std::istringstream words{std::string(code.substr(2, line_end - 2))};
  std::string engine;
  words >> engine;
  Header header{"", code.substr(line_end)};
  for (std::string word; words >> word;) {
    if (ToLower(word).rfind("name=", 0) != 0) {
      return tl::unexpected<std::string>("Invalid metadata value given: " + word);
    }
    header.name = word.substr(5);
  }
  if (header.name.empty()) return tl::unexpected<std::string>("Library name was not given");
  if (!IsFunctionName(header.name)) return tl::unexpected(std::string(kBadFunctionName));
  if (ToLower(engine) != "lua")
    return tl::unexpected<std::string>("Engine '" + engine + "' not found");
  return header;
}

}  // namespace

bool MatchesPattern(std::string_view pattern, std::string_view text) {
  return fnmatch(ToLower(pattern).c_str(), ToLower(text).c_str(), 0) == 0;
}

FunctionLibraries::FunctionLibraries(LuaEngine::RunCommand run_command)
    : run_command_(std::move(run_command)), engine_(std::make_unique<LuaEngine>(run_command_)) {}

tl::expected<std::string, std::string> FunctionLibraries::Load(std::string_view code,
                                                               OnExisting on_existing) {
  const auto header = ParseHeader(code);
  if (!header) return tl::unexpected(header.error());
  const auto old = libraries_.find(header->name);
  if (old != libraries_.end() && on_existing == OnExisting::kRefuse) {
    return tl::unexpected<std::string>("Library '" + header->name + "' already exists");
  }
  auto functions = engine_->Load(header->code);
  if (!functions) return tl::unexpected(functions.error());
  Library library{std::string(code), std::move(*functions)};
  for (const auto& [name, other] : libraries_) {
    if (name == header->name) continue;
    for (const LuaFunction& function : library.functions) {
      const auto is_same = [&](const LuaFunction& f) { return f.name == function.name; };
      if (std::any_of(other.functions.begin(), other.functions.end(), is_same)) {
        std::string error = "Function " + function.name + " already exists";
        Release(library);
        return tl::unexpected(std::move(error));
      }
    }
  }
  if (old != libraries_.end()) Release(old->second);
  libraries_.insert_or_assign(header->name, std::move(library));
  return header->name;
}

void FunctionLibraries::Release(const Library& library) {
  for (const LuaFunction& function : library.functions) engine_->Release(function);
}

bool FunctionLibraries::Delete(const std::string& library) {
  const auto found = libraries_.find(library);
  if (found == libraries_.end()) return false;
  Release(found->second);
  libraries_.erase(found);
  return true;
}

void FunctionLibraries::Flush() {
  for (const auto& [name, library] : libraries_) Release(library);
  libraries_.clear();
}

void FunctionLibraries::Restart() {
  engine_ = std::make_unique<LuaEngine>(run_command_);
  for (const auto& [name, library] : std::exchange(libraries_, {})) {
    const auto loaded = Load(library.code, OnExisting::kRefuse);
    if (!loaded) throw std::logic_error("library " + name + " loads no more: " + loaded.error());
  }
}

const LuaFunction* FunctionLibraries::Find(std::string_view function) const {
  for (const auto& [name, library] : libraries_) {
    for (const LuaFunction& candidate : library.functions) {
      if (candidate.name == function) return &candidate;
    }
  }
  return nullptr;
}

void FunctionLibraries::List(std::string_view pattern, Code code, ReplyWriter reply) const {
  const auto matches = [pattern](const auto& row) { return MatchesPattern(pattern, row.first); };
  reply.Array(
      static_cast<std::size_t>(std::count_if(libraries_.begin(), libraries_.end(), matches)));
  for (const auto& row : libraries_) {
    if (!matches(row)) continue;
    const auto& [name, library] = row;
    reply.Array(code == Code::kInclude ? 8 : 6);
    reply.Bulk("library_name");
    reply.Bulk(name);
    reply.Bulk("engine");
    reply.Bulk("LUA");
    reply.Bulk("functions");
    reply.Array(library.functions.size());
    for (const LuaFunction& function : library.functions) {
      reply.Array(6);
      reply.Bulk("name");
      reply.Bulk(function.name);
      reply.Bulk("description");
      if (function.description) {
        reply.Bulk(*function.description);
      } else {
        reply.Null();
      }
      reply.Bulk("flags");
      reply.Array(function.flags.size());
      for (const std::string& flag : function.flags) reply.Status(flag);
    }
    if (code == Code::kInclude) {
      reply.Bulk("library_code");
      reply.Bulk(library.code);
    }
  }
}

}  // namespace chaac
