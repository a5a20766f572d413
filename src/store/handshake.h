// Handshake: what a new connection to the store must settle before it is used: who we are, that the
// server may hold our data, and that the function library is there. A pure machine; the link feeds
// it.
#pragma once

#include <cstdint>
#include <string>

#include "store/endpoint.h"
#include "store/resp.h"
#include "store/store_node.h"

namespace chaac {

class Handshake {
 public:
  enum class Status : std::uint8_t {
    kMore,          // More replies are due.
    kReady,         // The connection may be used.
    kNotNow,        // Fails now, may succeed later: loading, a replica, out of memory. See error().
    kIncompatible,  // Fails until somebody changes something. See error().
  };

  // `waits`: the user must be allowed to WAIT for replicas.
  explicit Handshake(Endpoint endpoint, bool waits = false);

  // Appends all commands; OnReply() takes their replies in order.
  void Start(std::string* out);
  [[nodiscard]] Status OnReply(const redisReply& reply);

  // Who answered; known after kReady.
  [[nodiscard]] const StoreNode& node() const { return node_; }

  // A sentence, with the way out, after kNotNow and kIncompatible.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  enum class Step : std::uint8_t {
    kAuth,
    kSelect,
    kName,
    kInfo,
    kWait,
    kLoad,
    kList,
    kSchema,
    kSchemaIs,
    kDone
  };

  [[nodiscard]] Step After(Step step) const;
  [[nodiscard]] Status Fail(Status status, std::string error);
  [[nodiscard]] Status OnError(Step step, std::string_view error);
  [[nodiscard]] Status CheckInfo(std::string_view info);
  [[nodiscard]] Status CheckLibrary(const redisReply& reply);

  const Endpoint endpoint_;
  const bool waits_;
  Step step_ = Step::kDone;
  StoreNode node_;
  std::string error_;
};

}  // namespace chaac
