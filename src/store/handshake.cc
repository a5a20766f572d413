// AUTH, SELECT, CLIENT SETNAME, INFO, FUNCTION LOAD and LIST, and the schema's version: one round
// trip.
#include "store/handshake.h"

#include <fmt/format.h>

#include <utility>

#include "store/info.h"
#include "store/library.h"
#include "store/options.h"

namespace chaac {
namespace {

// Zeros stand for none, and where somebody hides the ids, for any.
std::string ReplicationId(std::string_view id) {
  return std::string(id.find_first_not_of('0') == std::string_view::npos ? "" : id);
}

StoreNode NodeOf(std::string_view info) {
  return {.replication_id = ReplicationId(InfoValue(info, "master_replid")),
          .predecessor_id = ReplicationId(InfoValue(info, "master_replid2"))};
}

}  // namespace

Handshake::Handshake(Endpoint endpoint, bool waits)
    : endpoint_(std::move(endpoint)), waits_(waits) {}

Handshake::Step Handshake::After(Step step) const {
  switch (step) {
    case Step::kAuth:
      return endpoint_.database == 0 ? Step::kName : Step::kSelect;
    case Step::kSelect:
      return Step::kName;
    case Step::kName:
      return Step::kInfo;
    case Step::kInfo:
      return waits_ ? Step::kWait : Step::kLoad;
    case Step::kWait:
      return Step::kLoad;
    case Step::kLoad:
      return Step::kList;
    case Step::kList:
      return Step::kSchema;
    case Step::kSchema:
      return Step::kSchemaIs;
    case Step::kSchemaIs:
    case Step::kDone:
      break;
  }
  return Step::kDone;
}

void Handshake::Start(std::string* out) {
  error_.clear();
  const bool has_password = !endpoint_.password.empty();
  if (has_password && !endpoint_.username.empty()) {
    AppendCommand({"AUTH", endpoint_.username, endpoint_.password}, out);
  } else if (has_password) {
    AppendCommand({"AUTH", endpoint_.password}, out);
  }
  if (endpoint_.database != 0) {
    AppendCommand({"SELECT", std::to_string(endpoint_.database)}, out);
  }
  AppendCommand({"CLIENT", "SETNAME", "chaac"}, out);
  AppendCommand({"INFO"}, out);
  if (waits_) AppendCommand({"WAIT", "0", "1"}, out);  // For no replica: answers at once.
  AppendCommand({"FUNCTION", "LOAD", kLibraryCode}, out);
  AppendCommand({"FUNCTION", "LIST", "LIBRARYNAME", kLibraryName, "WITHCODE"}, out);
  AppendCommand({"SET", kSchemaKey, kSchemaVersion, "NX"}, out);
  AppendCommand({"GET", kSchemaKey}, out);
  step_ = has_password ? Step::kAuth : After(Step::kAuth);
}

Handshake::Status Handshake::Fail(Status status, std::string error) {
  error_ = std::move(error);
  step_ = Step::kDone;
  return status;
}

Handshake::Status Handshake::OnReply(const redisReply& reply) {
  const Step step = step_;
  step_ = After(step);
  if (IsError(reply)) return OnError(step, TextOf(reply));
  switch (step) {
    case Step::kInfo:
      return CheckInfo(TextOf(reply));
    case Step::kList:
      return CheckLibrary(reply);
    case Step::kSchemaIs:
      if (reply.type == REDIS_REPLY_NIL) return Fail(Status::kNotNow, error_);
      if (TextOf(reply) != kSchemaVersion) {
        return Fail(Status::kIncompatible,
                    fmt::format("the store holds data of schema version {}, this server knows {}: "
                                "use the server that wrote it, or another store",
                                TextOf(reply), kSchemaVersion));
      }
      return Status::kReady;
    default:
      return Status::kMore;
  }
}

Handshake::Status Handshake::OnError(Step step, std::string_view error) {
  if (step == Step::kName) return Status::kMore;  // Only a label; some proxies refuse it.
  if (step == Step::kLoad && error.find("already exists") != std::string_view::npos) {
    error_ = fmt::format("the store answers: {}", error);  // Of a function, should ours be missing.
    return Status::kMore;                                  // The code is compared in the next step.
  }
  if (step == Step::kLoad && error.starts_with("NOPERM")) {
    error_ = fmt::format(
        "the function library is not in the store, and the user may not load it ({}): run 'chaac "
        "load' as a user that may, or grant +function|load",
        error);
    return Status::kMore;  // Another user may have loaded it.
  }
  const bool writes_are_refused =
      error.starts_with("OOM") || error.starts_with("MISCONF") || error.starts_with("NOREPLICAS");
  if (writes_are_refused && (step == Step::kLoad || step == Step::kSchema)) {
    error_ = fmt::format("the store answers: {}", error);
    return Status::kMore;  // A store that has both already can still be used, if only to read.
  }
  if (error.find("max number of clients") != std::string_view::npos) {
    return Fail(Status::kNotNow, fmt::format("the store answers: {}", error));
  }
  if (step == Step::kAuth || error.starts_with("NOAUTH") || error.starts_with("WRONGPASS")) {
    return Fail(Status::kIncompatible,
                fmt::format("the store refuses the user or password ({}): check --valkey-url, "
                            "--valkey-username and --valkey-password-file",
                            error));
  }
  if (error.starts_with("NOPERM")) {
    return Fail(Status::kIncompatible,
                fmt::format("the store's user lacks a right that Chaac needs: {}; see "
                            "deploy/valkey/users.acl",
                            error));
  }
  if (error.starts_with("ERR DB index")) {
    return Fail(Status::kIncompatible,
                fmt::format("the store refuses what Chaac needs: {}", error));
  }
  if (step == Step::kLoad && error.starts_with("ERR unknown")) {
    return Fail(
        Status::kIncompatible,
        fmt::format("the store has no functions ({}): Valkey, or Redis 7 or later, is needed",
                    error));
  }
  return Fail(Status::kNotNow, fmt::format("the store answers: {}", error));
}

Handshake::Status Handshake::CheckInfo(std::string_view info) {
  const std::string_view policy = InfoValue(info, "maxmemory_policy");
  if (!policy.empty() && policy != "noeviction") {
    return Fail(
        Status::kIncompatible,
        fmt::format("the store's maxmemory-policy is {}, which may evict stored reports: set "
                    "'maxmemory-policy noeviction'",
                    policy));
  }
  const std::string_view role = InfoValue(info, "role");
  if (!role.empty() && role != "master") {
    return Fail(Status::kNotNow,
                "the store is a replica: point --valkey-url at the primary, or name the Sentinels "
                "that know it (--valkey-sentinels)");
  }
  if (InfoValue(info, "cluster_enabled") == "1") {
    return Fail(
        Status::kIncompatible,
        "the store runs in cluster mode, in which one commit cannot reach all its keys: use "
        "a Valkey with 'cluster-enabled no'; for failovers, replicas and Sentinels");
  }
  node_ = NodeOf(info);
  return Status::kMore;
}

Handshake::Status Handshake::CheckLibrary(const redisReply& reply) {
  std::string_view code;
  if (SizeOf(reply) == 1) {
    const redisReply& library = ElementOf(reply, 0);
    for (std::size_t i = 0; i + 1 < SizeOf(library); i += 2) {
      if (TextOf(ElementOf(library, i)) == "library_code") code = TextOf(ElementOf(library, i + 1));
    }
  }
  if (code == kLibraryCode) return Status::kMore;
  if (code.empty()) return Fail(Status::kNotNow, error_);
  return Fail(
      Status::kIncompatible,
      fmt::format("the store holds another function library named {0}: stop the servers that "
                  "use it and run FUNCTION DELETE {0}",
                  kLibraryName));
}

}  // namespace chaac
