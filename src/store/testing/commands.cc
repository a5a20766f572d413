// The table of commands on keys.
#include "store/testing/commands.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace chaac {

namespace {

// Names of commands come in any case, and are looked up in every step of a function: no copies.
struct AnyCaseLess {
  bool operator()(std::string_view a, std::string_view b) const {
    return std::lexicographical_compare(
        a.begin(), a.end(), b.begin(), b.end(),
        [](unsigned char x, unsigned char y) { return std::tolower(x) < std::tolower(y); });
  }
};

}  // namespace

const Command* FindDataCommand(std::string_view name) {
  static const auto commands = [] {
    std::map<std::string_view, Command, AnyCaseLess> by_name;
    for (const auto rows :
         {KeyCommands(), StringCommands(), ListCommands(), HashCommands(), SetCommands()}) {
      for (const Command& row : rows) by_name.emplace(row.name, row);
    }
    return by_name;
  }();
  const auto found = commands.find(name);
  return found == commands.end() ? nullptr : &found->second;
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

void ReplyWrongArity(std::string_view command, ReplyWriter reply) {
  reply.Error("ERR wrong number of arguments for '" + std::string(command) + "' command");
}

}  // namespace chaac
