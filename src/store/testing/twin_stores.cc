// One command to both stores, and their replies side by side.
#include "store/testing/twin_stores.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "store/testing/commands.h"
#include "store/testing/reply_writer.h"

namespace chaac {
namespace {

constexpr std::int64_t kPassedMaxMs = 10'000;  // Between the two executions, on a busy machine.

// The elements of an array reply in a fixed order; of any other reply, the reply itself.
std::vector<std::string> SortedElements(std::string_view reply) {
  if (!reply.starts_with('*')) return {std::string(reply)};
  std::vector<std::string> elements;
  reply.remove_prefix(reply.find("\r\n") + 2);
  while (!reply.empty()) {
    const auto end = EndOfReply(reply);
    elements.emplace_back(reply.substr(0, end));
    reply.remove_prefix(end);
  }
  std::sort(elements.begin(), elements.end());
  return elements;
}

std::int64_t IntegerOf(std::string_view reply) {
  std::int64_t value = 0;
  std::from_chars(reply.data() + 1, reply.data() + reply.size(), value);
  return value;
}

bool HasNoOrder(const std::vector<std::string>& command) {
  const std::string name = ToLower(command[0]);
  return name == "hgetall" || name == "smembers" ||
         (command.size() > 1 && command[1].find("snapshot") != std::string::npos);
}

bool AreSame(const std::vector<std::string>& command, const std::string& ours,
             const std::string& theirs) {
  if (ours == theirs) return true;
  if (HasNoOrder(command)) return SortedElements(ours) == SortedElements(theirs);
  const std::string name = ToLower(command[0]);
  if (name != "ttl" && name != "pttl") return false;
  const std::int64_t a = IntegerOf(ours);
  const std::int64_t b = IntegerOf(theirs);
  return a >= 0 && b >= 0 &&
         std::abs(a - b) <= (name == "ttl" ? kPassedMaxMs / 1000 : kPassedMaxMs);
}

}  // namespace

testing::AssertionResult TwinStores::Run(const std::vector<std::string>& command,
                                         std::string* reply) {
  lua_store_.SetTime(
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  const std::string ours = lua_store_.Execute(command);
  const std::string theirs = client_.Execute(command);
  if (reply != nullptr) *reply = ours;
  if (AreSame(command, ours, theirs)) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << testing::PrintToString(command) << "\nLuaStore: " << testing::PrintToString(ours)
         << "\nValkey:   " << testing::PrintToString(theirs);
}

testing::AssertionResult TwinStores::HaveSameData() {
  const std::vector<std::string> keys = lua_store_.Keys();
  const std::int64_t valkey_keys = IntegerOf(client_.Execute({"DBSIZE"}));
  if (std::cmp_not_equal(valkey_keys, keys.size())) {
    return testing::AssertionFailure()
           << "Valkey has " << valkey_keys << " keys, LuaStore " << testing::PrintToString(keys);
  }
  for (const std::string& key : keys) {
    for (const char* command : {"TYPE", "PTTL", "GET", "SMEMBERS", "HGETALL"}) {
      if (auto same = Run({command, key}); !same) return same;
    }
    if (auto same = Run({"LRANGE", key, "0", "-1"}); !same) return same;
  }
  return testing::AssertionSuccess();
}

void TwinStores::Clear() {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"FLUSHALL"}, {"FUNCTION", "FLUSH"}}) {
    EXPECT_TRUE(Run(command));
  }
}

}  // namespace chaac
