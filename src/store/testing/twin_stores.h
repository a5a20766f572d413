// TwinStores: a LuaStore and a real Valkey that are given the same commands; their replies and
// their data must be the same. Not thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/testing/lua_store.h"
#include "store/testing/raw_client.h"
#include "store/testing/valkey_process.h"

namespace chaac {

class TwinStores {
 public:
  TwinStores() : client_(process_.socket_path()) {}

  // Both run the command, LuaStore at the present time. Fails unless they reply the same bytes.
  // Where Valkey promises no order, elements may come in any; times to live may differ by what time
  // passed. `reply`, unless nullptr, receives LuaStore's reply.
  testing::AssertionResult Run(const std::vector<std::string>& command,
                               std::string* reply = nullptr);

  // Fails unless both have the same keys with the same types, values and expiries.
  testing::AssertionResult HaveSameData();

  // Deletes all data and libraries.
  void Clear();

 private:
  ValkeyProcess process_;
  RawClient client_;
  LuaStore lua_store_;
};

}  // namespace chaac
