// QueryEndpoints: municipalities from the newest snapshot, and what is read from the store when it
// is asked for: a municipality's history, and the latest reports. Not thread-safe: it belongs to
// its loop.
#pragma once

#include <string_view>

#include "base/event_loop.h"
#include "http/cached_answer.h"
#include "http/handler.h"
#include "http/query_string.h"
#include "http/responder.h"
#include "query/municipality_finder.h"
#include "query/query_asker.h"
#include "query/snapshot.h"

namespace chaac {

// The window of a history, from the parameters from, to and step.
[[nodiscard]] Result<HistoryWindow> WindowOf(const QueryString& parameters, WallTime now);

class QueryEndpoints {
 public:
  // All pointers outlive this.
  QueryEndpoints(const EventLoop* loop, const SnapshotBoard* board, MunicipalityFinder* finder,
                 QueryAsker* asker, Responder* responder);

  void OnMunicipalities(const Request& request, RequestToken token);
  // `segment`: what stands for {m} in the path.
  void OnMunicipality(std::string_view segment, const Request& request, RequestToken token);
  void OnHistory(std::string_view segment, const Request& request, RequestToken token);
  void OnRecent(const Request& request, RequestToken token);

 private:
  [[nodiscard]] Result<void> AnswerMunicipalities(const Request& request, RequestToken token);
  [[nodiscard]] Result<void> AnswerMunicipality(std::string_view segment, const Request& request,
                                                RequestToken token);
  [[nodiscard]] Result<Query> HistoryOf(std::string_view segment, const Request& request);
  [[nodiscard]] Result<Query> RecentOf(const Request& request);
  [[nodiscard]] Result<std::string> FindSegment(std::string_view segment, const Snapshot& newest);
  void Ask(const Result<Query>& query, Route route, const Request& request, RequestToken token);

  const EventLoop* loop_;
  const SnapshotBoard* board_;
  MunicipalityFinder* finder_;
  QueryAsker* asker_;
  Responder* responder_;
};

}  // namespace chaac
