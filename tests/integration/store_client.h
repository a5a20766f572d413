// StoreClient: what a server's loop is to the store: Link and Ingest on an EventLoop of their own
// thread, and a test that submits and waits. The test's thread alone may call it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/event_loop.h"
#include "ingest/ingest.h"
#include "store/link.h"
#include "tests/integration/reference.h"

namespace chaac {

// What a request was told: a failure, or the ids of its accepted rows' first and last.
struct ClientOutcome {
  std::optional<Error> failure;
  std::uint32_t accepted = 0;
  std::string first_id;
  std::vector<RowRejection> rejections;
};

class StoreClient final : private LinkListener, private OutcomeListener {
 public:
  // `environment` and `options` outlive the client. Starts at once.
  StoreClient(const Link::Environment* environment, const StoreOptions* options,
              std::vector<std::string> municipalities);
  ~StoreClient();
  StoreClient(const StoreClient&) = delete;
  StoreClient& operator=(const StoreClient&) = delete;

  // Submits all requests in one round, as many connections would, and waits for all outcomes. A row
  // whose id is "" is given one by the server.
  std::vector<ClientOutcome> Submit(const std::vector<std::vector<ReferenceReport>>& requests);

  // Waits until the store is connected. False when that takes longer than a patient test would
  // wait.
  [[nodiscard]] bool AwaitConnected();

  [[nodiscard]] const LinkMetrics& link_metrics() const { return link_metrics_; }
  [[nodiscard]] const IngestMetrics& ingest_metrics() const { return ingest_metrics_; }

 private:
  void OnLinkUp() override;
  void OnLinkDown() override;
  void OnLinkReply(const redisReply& reply) override;
  void OnOutcome(const Submission& submission) override;
  void SubmitOne(std::uint32_t number, const std::vector<ReferenceReport>& rows);

  const std::vector<std::string> municipalities_;
  const StoreOptions* options_;
  EventLoop loop_;
  LinkMetrics link_metrics_;
  IngestMetrics ingest_metrics_;
  Ingest ingest_;
  Link link_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint32_t, ClientOutcome> outcomes_;  // Guarded by mutex_.
  bool connected_ = false;                           // Guarded by mutex_.

  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace chaac
