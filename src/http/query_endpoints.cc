// From a target to a query, and from its answer to the client's.
#include "http/query_endpoints.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <utility>

#include "query/numbers.h"
#include "report/text.h"

namespace chaac {
namespace {

constexpr std::array<std::string_view, 1> kAllParameter = {"all"};
constexpr std::array<std::string_view, 3> kHistoryParameters = {"from", "to", "step"};
constexpr std::array<std::string_view, 2> kRecentParameters = {"municipality", "limit"};

Result<bool> ParseAll(const QueryString& parameters) {
  const auto all = parameters.Find("all");
  if (!all || *all == "false") return false;
  if (*all == "true") return true;
  return Fail(ErrorCode::kInvalidParameter,
              fmt::format("all {} is neither true nor false", Quote(*all)), {"true", "false"});
}

Result<std::size_t> ParseLimit(const QueryString& parameters) {
  const auto text = parameters.Find("limit");
  if (!text) return kRecentLimitDefault;
  const auto limit = NumberFrom<std::size_t>(*text);
  if (limit && *limit >= 1 && *limit <= kRecentLimitMax) return *limit;
  return Fail(ErrorCode::kInvalidParameter,
              fmt::format("limit {} is not a number of reports from 1 to {}", Quote(*text),
                          kRecentLimitMax),
              {fmt::format("1..{}", kRecentLimitMax)});
}

}  // namespace

Result<HistoryWindow> WindowOf(const QueryString& parameters, WallTime now) {
  return ParseHistoryWindow({.from = parameters.Find("from"),
                             .to = parameters.Find("to"),
                             .step = parameters.Find("step")},
                            now);
}

QueryEndpoints::QueryEndpoints(const EventLoop* loop, const SnapshotBoard* board,
                               MunicipalityFinder* finder, QueryAsker* asker, Responder* responder)
    : loop_(loop), board_(board), finder_(finder), asker_(asker), responder_(responder) {}

void QueryEndpoints::OnMunicipalities(const Request& request, RequestToken token) {
  const Result<void> answered = AnswerMunicipalities(request, token);
  if (!answered) responder_->Fail(Route::kMunicipalities, token, answered.error());
}

Result<void> QueryEndpoints::AnswerMunicipalities(const Request& request, RequestToken token) {
  const auto parameters = QueryString::Parse(request.query, kAllParameter);
  if (!parameters) return tl::unexpected(parameters.error());
  const auto all = ParseAll(*parameters);
  if (!all) return tl::unexpected(all.error());
  const auto newest = FreshSnapshot(*board_, loop_->Now());
  if (!newest) return tl::unexpected(newest.error());
  const CachedBody& array = *all ? (*newest)->all.array() : (*newest)->reporting.array();
  AnswerCached(responder_, Remember(Route::kMunicipalities, request, token, loop_->Now()),
               {.body = array.body, .headers = array.headers, .etag = array.etag}, *newest);
  return {};
}

void QueryEndpoints::OnMunicipality(std::string_view segment, const Request& request,
                                    RequestToken token) {
  const Result<void> answered = AnswerMunicipality(segment, request, token);
  if (!answered) responder_->Fail(Route::kMunicipality, token, answered.error());
}

Result<void> QueryEndpoints::AnswerMunicipality(std::string_view segment, const Request& request,
                                                RequestToken token) {
  const auto parameters = QueryString::Parse(request.query, {});
  if (!parameters) return tl::unexpected(parameters.error());
  const auto newest = FreshSnapshot(*board_, loop_->Now());
  if (!newest) return tl::unexpected(newest.error());
  const auto slug = FindSegment(segment, **newest);
  if (!slug) return tl::unexpected(slug.error());
  const std::string_view object = (*newest)->all.Find(*slug).value_or("null");
  const std::string etag = EtagOf(object);
  const std::string headers = CacheLines(etag);
  AnswerCached(responder_, Remember(Route::kMunicipality, request, token, loop_->Now()),
               {.body = object, .headers = headers, .etag = etag}, *newest);
  return {};
}

void QueryEndpoints::OnHistory(std::string_view segment, const Request& request,
                               RequestToken token) {
  Ask(HistoryOf(segment, request), Route::kHistory, request, token);
}

Result<Query> QueryEndpoints::HistoryOf(std::string_view segment, const Request& request) {
  const auto parameters = QueryString::Parse(request.query, kHistoryParameters);
  if (!parameters) return tl::unexpected(parameters.error());
  const auto window = WindowOf(*parameters, loop_->WallNow());
  if (!window) return tl::unexpected(window.error());
  const auto newest = FreshSnapshot(*board_, loop_->Now());
  if (!newest) return tl::unexpected(newest.error());
  auto slug = FindSegment(segment, **newest);
  if (!slug) return tl::unexpected(slug.error());
  return Query{
      .subject = Query::Subject::kHistory, .municipality = std::move(*slug), .window = *window};
}

void QueryEndpoints::OnRecent(const Request& request, RequestToken token) {
  Ask(RecentOf(request), Route::kRecent, request, token);
}

Result<Query> QueryEndpoints::RecentOf(const Request& request) {
  const auto parameters = QueryString::Parse(request.query, kRecentParameters);
  if (!parameters) return tl::unexpected(parameters.error());
  const auto limit = ParseLimit(*parameters);
  if (!limit) return tl::unexpected(limit.error());
  const auto newest = FreshSnapshot(*board_, loop_->Now());
  if (!newest) return tl::unexpected(newest.error());
  Query query{.subject = Query::Subject::kRecent, .limit = *limit};
  if (const auto name = parameters->Find("municipality")) {
    auto slug = finder_->Find(*name, **newest);
    if (!slug) return tl::unexpected(slug.error());
    query.municipality = std::move(*slug);
  }
  return query;
}

Result<std::string> QueryEndpoints::FindSegment(std::string_view segment, const Snapshot& newest) {
  const Result<std::string> name = PercentDecode(segment);
  if (!name) return tl::unexpected(name.error());
  return finder_->Find(*name, newest);
}

void QueryEndpoints::Ask(const Result<Query>& query, Route route, const Request& request,
                         RequestToken token) {
  if (!query) return responder_->Fail(route, token, query.error());
  const auto done = [responder = responder_, read = Remember(route, request, token, loop_->Now())](
                        const QueryAnswerPtr& answer) {
    if (answer->error) {
      responder->Fail(read.route, read.token, *answer->error, read.arrived_at);
      return;
    }
    const CachedBody& cached = answer->body;
    AnswerCached(responder, read,
                 {.body = cached.body, .headers = cached.headers, .etag = cached.etag}, answer);
  };
  const Result<void> asked = asker_->Ask(*query, done);
  if (!asked) responder_->Fail(route, token, asked.error());
}

}  // namespace chaac
