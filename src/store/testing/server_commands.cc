// LuaStore's commands on the server: connection, configuration, functions.
#include <algorithm>
#include <array>
#include <utility>

#include "store/testing/lua_store.h"
#include "store/testing/numbers.h"

namespace chaac {

const LuaStore::ServerCommand* LuaStore::FindServerCommand(std::string_view name) {
  // A function's own flags say what it does: FCALL refuses by itself.
  using enum CommandKind;
  static constexpr std::array<ServerCommand, 12> rows = {{
      {"auth", -2, kRead, &LuaStore::Auth},
      {"client|setinfo", 4, kRead, &LuaStore::ClientSetinfo},
      {"client|setname", 3, kRead, &LuaStore::ClientSetname},
      {"config|get", -3, kRead, &LuaStore::ConfigGet},
      {"fcall", -3, kRead, &LuaStore::Fcall},
      {"fcall_ro", -3, kRead, &LuaStore::FcallRo},
      {"function|delete", 3, kWrite, &LuaStore::FunctionDelete},
      {"function|flush", -2, kWrite, &LuaStore::FunctionFlush},
      {"function|list", -2, kRead, &LuaStore::FunctionList},
      {"function|load", -3, kGrowingWrite, &LuaStore::FunctionLoad},
      {"info", -1, kRead, &LuaStore::Info},
      {"select", 2, kRead, &LuaStore::Select},
  }};
  const auto* found = std::find_if(rows.begin(), rows.end(),
                                   [name](const ServerCommand& row) { return row.name == name; });
  return found == rows.end() ? nullptr : found;
}

void LuaStore::Auth(Arguments arguments, ReplyWriter reply) {
  if (arguments.size() > 3) return reply.Error(kSyntaxError);
  if (arguments.size() == 2) {
    return reply.Error(
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration is correct?");
  }
  if (arguments[1] == "default") return reply.Ok();
  reply.Error("WRONGPASS invalid username-password pair or user is disabled.");
}

void LuaStore::ClientSetinfo(Arguments arguments, ReplyWriter reply) {
  const std::string option = ToLower(arguments[2]);
  if (option == "lib-name" || option == "lib-ver") return reply.Ok();
  reply.Error("ERR Unrecognized option '" + std::string(arguments[2]) + "'");
}

void LuaStore::ClientSetname(Arguments arguments, ReplyWriter reply) {
  const auto is_plain = [](char c) { return c > ' ' && c <= '~'; };
  if (std::all_of(arguments[2].begin(), arguments[2].end(), is_plain)) return reply.Ok();
  reply.Error("ERR Client names cannot contain spaces, newlines or special characters.");
}

void LuaStore::ConfigGet(Arguments arguments, ReplyWriter reply) {
  std::vector<std::string_view> matching;
  for (const auto& [name, value] : config_) {
    const auto matches = [&name = name](std::string_view p) { return MatchesPattern(p, name); };
    if (std::any_of(arguments.begin() + 2, arguments.end(), matches)) {
      matching.emplace_back(name);
      matching.emplace_back(value);
    }
  }
  reply.Array(matching.size());
  for (const auto text : matching) reply.Bulk(text);
}

void LuaStore::Info(Arguments arguments, ReplyWriter reply) {
  const std::array<std::pair<std::string_view, std::string>, 4> sections = {{
      {"server",
       "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.11\r\n"},
      {"memory", "# Memory\r\nmaxmemory:" + config_["maxmemory"] +
                     "\r\nmaxmemory_policy:" + config_["maxmemory-policy"] + "\r\n"},
      {"persistence", std::string("# Persistence\r\naof_enabled:") +
                          (config_["appendonly"] == "yes" ? "1" : "0") + "\r\n"},
      {"replication",
       "# Replication\r\nrole:master\r\nmaster_replid:" + node_.replication_id +
           "\r\nmaster_replid2:" +
           (node_.predecessor_id.empty() ? std::string(40, '0') : node_.predecessor_id) + "\r\n"},
  }};
  std::string text;
  for (const auto& [name, section] : sections) {
    const auto is_asked = [&name = name](std::string_view word) {
      const std::string asked = ToLower(word);
      return asked == name || asked == "all" || asked == "default" || asked == "everything";
    };
    if (arguments.size() == 1 || std::any_of(arguments.begin() + 1, arguments.end(), is_asked)) {
      text += (text.empty() ? "" : "\r\n") + section;
    }
  }
  reply.Bulk(text);
}

void LuaStore::Select(Arguments arguments, ReplyWriter reply) {
  const auto database = ParseInteger(arguments[1]);
  if (!database) return reply.Error(kNotAnInteger);
  if (*database != 0) return reply.Error("ERR DB index is out of range");
  reply.Ok();
}

void LuaStore::Fcall(Arguments arguments, ReplyWriter reply) {
  CallFunction(arguments, ScriptAccess::kReadWrite, reply);
}

void LuaStore::FcallRo(Arguments arguments, ReplyWriter reply) {
  CallFunction(arguments, ScriptAccess::kReadOnly, reply);
}

void LuaStore::CallFunction(Arguments arguments, ScriptAccess allowed, ReplyWriter reply) {
  const LuaFunction* function = libraries_.Find(arguments[1]);
  if (function == nullptr) {
    return reply.Error(Refuses(CommandKind::kRead) ? error_ : "ERR Function not found");
  }
  const bool writes = !function->HasFlag("no-writes");
  const auto grows =
      function->HasFlag("allow-oom") ? CommandKind::kWrite : CommandKind::kGrowingWrite;
  if (Refuses(writes ? grows : CommandKind::kRead)) return reply.Error(error_);
  const auto key_count = ParseInteger(arguments[2]);
  if (!key_count) return reply.Error("ERR Bad number of keys provided");
  if (*key_count > static_cast<std::int64_t>(arguments.size()) - 3) {
    return reply.Error("ERR Number of keys can't be greater than number of args");
  }
  if (*key_count < 0) return reply.Error("ERR Number of keys can't be negative");
  if (writes && allowed == ScriptAccess::kReadOnly) {
    return reply.Error("ERR Can not execute a script with write flag using *_ro command.");
  }
  const auto keys = static_cast<std::size_t>(*key_count);
  libraries_.engine().Call(*function, arguments.subspan(3, keys), arguments.subspan(3 + keys),
                           writes ? ScriptAccess::kReadWrite : ScriptAccess::kReadOnly, reply);
}

void LuaStore::FunctionDelete(Arguments arguments, ReplyWriter reply) {
  if (!libraries_.Delete(std::string(arguments[2]))) return reply.Error("ERR Library not found");
  reply.Ok();
}

void LuaStore::FunctionFlush(Arguments arguments, ReplyWriter reply) {
  if (arguments.size() > 3) {
    return reply.Error("ERR unknown subcommand or wrong number of arguments for '" +
                       std::string(arguments[1]) + "'. Try FUNCTION HELP.");
  }
  if (arguments.size() == 3) {
    const std::string mode = ToLower(arguments[2]);
    if (mode != "sync" && mode != "async") {
      return reply.Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
    }
  }
  libraries_.Flush();
  reply.Ok();
}

void LuaStore::FunctionList(Arguments arguments, ReplyWriter reply) {
  std::string_view pattern = "*";
  auto code = FunctionLibraries::Code::kOmit;
  for (std::size_t i = 2; i < arguments.size(); ++i) {
    const std::string word = ToLower(arguments[i]);
    if (word == "withcode") {
      code = FunctionLibraries::Code::kInclude;
    } else if (word != "libraryname") {
      return reply.Error("ERR Unknown argument " + std::string(arguments[i]));
    } else if (++i == arguments.size()) {
      return reply.Error("ERR library name argument was not given");
    } else {
      pattern = arguments[i];
    }
  }
  libraries_.List(pattern, code, reply);
}

void LuaStore::FunctionLoad(Arguments arguments, ReplyWriter reply) {
  auto on_existing = OnExisting::kRefuse;
  for (const auto option : arguments.subspan(2, arguments.size() - 3)) {
    if (ToLower(option) != "replace") {
      return reply.Error("ERR Unknown option given: " + std::string(option));
    }
    on_existing = OnExisting::kReplace;
  }
  const auto loaded = libraries_.Load(arguments.back(), on_existing);
  if (!loaded) return reply.Error("ERR " + loaded.error());
  reply.Bulk(*loaded);
}

}  // namespace chaac
