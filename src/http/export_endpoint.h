// ExportEndpoint: GET /api/export.csv. One municipality is one answer; all of them are streamed,
// one after another in the order of their slugs, each read from the store when the client has taken
// the one before. Not thread-safe: it belongs to its loop.
// Limits: kStreamsMax exports of all at a time; of each municipality at most kRecentLimitMax
// reports or kHistoryPointsMax steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "http/handler.h"
#include "http/query_string.h"
#include "http/responder.h"
#include "http/stream.h"
#include "query/municipality_finder.h"
#include "query/query_asker.h"
#include "query/snapshot.h"

namespace chaac {

class ExportEndpoint final : public StreamSource {
 public:
  static constexpr std::size_t kStreamsMax = 4;  // Of one loop; beyond, 503.

  // All pointers outlive this.
  ExportEndpoint(const EventLoop* loop, const SnapshotBoard* board, MunicipalityFinder* finder,
                 QueryAsker* asker, Responder* responder);

  void OnExport(const Request& request, RequestToken token);

  void OnStreamRoom(RequestToken token) override;
  void OnStreamGone(RequestToken token, StreamLoss why) override;

 private:
  // What is asked for, of one municipality or of each.
  struct Plan {
    Query query;  // Its municipality is empty for all.
    std::vector<std::string> municipalities;
  };

  // An export of all that is under way.
  struct Export {
    std::uint64_t number = 0;  // Tells answers that come after its end.
    RequestToken token{};
    Plan plan;
    std::size_t position = 0;  // In plan.municipalities: the one that is read next.
    bool asking = false;       // The store is asked for the one before.
    bool begun = false;        // Its head is with the client's connection.
  };

  [[nodiscard]] Result<Plan> PlanOf(const Request& request) const;
  void ExportOne(const Query& query, const Request& request, RequestToken token);
  [[nodiscard]] Result<void> ExportAll(Plan plan, const Request& request, RequestToken token);
  [[nodiscard]] Result<void> AskForNext(Export* running);
  void OnRows(std::uint64_t number, const QueryAnswerPtr& answer);
  StreamStart Begin(Export* running, std::string_view rows);
  void Fail(Export* running, const Error& error);
  void Cut(Export* running);
  [[nodiscard]] Export* Find(RequestToken token);
  void Forget(std::uint64_t number);

  const EventLoop* loop_;
  const SnapshotBoard* board_;
  MunicipalityFinder* finder_;
  QueryAsker* asker_;
  Responder* responder_;
  std::vector<std::unique_ptr<Export>> exports_;
  std::uint64_t last_number_ = 0;
};

}  // namespace chaac
