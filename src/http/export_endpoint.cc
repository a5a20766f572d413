// Rows of one municipality, and of one after another.
#include "http/export_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "http/cached_answer.h"
#include "http/query_endpoints.h"
#include "query/history.h"
#include "query/recent_line.h"
#include "report/text.h"

namespace chaac {
namespace {

constexpr std::string_view kContentType = "text/csv; charset=utf-8; header=present";
constexpr std::array<std::string_view, 2> kRecentParameters = {"municipality", "kind"};
constexpr std::array<std::string_view, 5> kHistoryParameters = {"municipality", "kind", "from",
                                                                "to", "step"};

bool IsHistory(const Query& query) { return query.subject == Query::Subject::kHistory; }

std::string_view HeaderOf(const Query& query) {
  return IsHistory(query) ? kHistoryCsvHeader : kRecentCsvHeader;
}

// The name under which a browser keeps it: "chaac-recent-mixco.csv".
std::string DispositionLine(const Query& query) {
  return fmt::format(
      FMT_STRING("Content-Disposition: attachment; filename=\"chaac-{}{}{}.csv\"\r\n"),
      IsHistory(query) ? "history" : "recent", query.municipality.empty() ? "" : "-",
      query.municipality);
}

// Whole answers are cached like other reads; a stream's content is not known when it begins.
std::string StreamHeaders(const Query& query) {
  return DispositionLine(query) + "Cache-Control: no-store\r\n";
}

bool operator==(const RequestToken& a, const RequestToken& b) {
  return a.connection == b.connection && a.generation == b.generation && a.sequence == b.sequence;
}

// The parameters that the kind of export takes. Errors: kMalformedUri, kInvalidParameter.
Result<std::pair<QueryString, bool>> ParseKind(std::string_view query) {
  auto parameters = QueryString::Parse(query, kHistoryParameters);
  if (!parameters) return tl::unexpected(parameters.error());
  const std::string_view kind = parameters->Find("kind").value_or("recent");
  if (kind == "history") return std::pair(std::move(*parameters), true);
  if (kind != "recent") {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("kind {} is neither recent nor history", Quote(kind)),
                {"recent", "history"});
  }
  parameters = QueryString::Parse(query, kRecentParameters);
  if (parameters) return std::pair(std::move(*parameters), false);
  parameters.error().detail += "; with kind=history also from, to, step";
  return tl::unexpected(parameters.error());
}

}  // namespace

ExportEndpoint::ExportEndpoint(const EventLoop* loop, const SnapshotBoard* board,
                               MunicipalityFinder* finder, QueryAsker* asker, Responder* responder)
    : loop_(loop), board_(board), finder_(finder), asker_(asker), responder_(responder) {}

void ExportEndpoint::OnExport(const Request& request, RequestToken token) {
  Result<Plan> plan = PlanOf(request);
  if (!plan) return responder_->Fail(Route::kExport, token, plan.error());
  if (!plan->query.municipality.empty()) return ExportOne(plan->query, request, token);
  const Result<void> begun = ExportAll(std::move(*plan), request, token);
  if (!begun) responder_->Fail(Route::kExport, token, begun.error());
}

Result<ExportEndpoint::Plan> ExportEndpoint::PlanOf(const Request& request) const {
  const auto kind = ParseKind(request.query);
  if (!kind) return tl::unexpected(kind.error());
  const auto& [parameters, is_history] = *kind;
  Plan plan{.query = {.form = Query::Form::kCsvRows, .limit = kRecentLimitMax},
            .municipalities = {}};
  if (is_history) {
    const auto window = WindowOf(parameters, loop_->WallNow());
    if (!window) return tl::unexpected(window.error());
    plan.query.subject = Query::Subject::kHistory;
    plan.query.window = *window;
  }
  const auto newest = FreshSnapshot(*board_, loop_->Now());
  if (!newest) return tl::unexpected(newest.error());
  if (const auto name = parameters.Find("municipality")) {
    auto slug = finder_->Find(*name, **newest);
    if (!slug) return tl::unexpected(slug.error());
    plan.query.municipality = std::move(*slug);
    return plan;
  }
  for (const MunicipalityTotals& m : (*newest)->municipalities) {
    plan.municipalities.push_back(m.slug);
  }
  return plan;
}

void ExportEndpoint::ExportOne(const Query& query, const Request& request, RequestToken token) {
  const auto done = [responder = responder_, query,
                     read = Remember(Route::kExport, request, token, loop_->Now())](
                        const QueryAnswerPtr& answer) {
    if (answer->error) {
      responder->Fail(read.route, read.token, *answer->error, read.arrived_at);
      return;
    }
    const auto body =
        std::make_shared<const std::string>(std::string(HeaderOf(query)) + answer->body.body);
    const std::string headers = DispositionLine(query) + answer->body.headers;
    AnswerCached(responder, read,
                 {.body = *body,
                  .headers = headers,
                  .etag = answer->body.etag,
                  .content_type = kContentType},
                 body);
  };
  const Result<void> asked = asker_->Ask(query, done);
  if (!asked) responder_->Fail(Route::kExport, token, asked.error());
}

Result<void> ExportEndpoint::ExportAll(Plan plan, const Request& request, RequestToken token) {
  if (request.method == Method::kHead || plan.municipalities.empty()) {
    const std::string headers = StreamHeaders(plan.query);
    const StreamStart start = responder_->BeginStream(
        Route::kExport, token,
        {.content_type = kContentType, .body = HeaderOf(plan.query), .extra_headers = headers},
        StreamKind::kFinite, this);
    if (start == StreamStart::kOpen) responder_->server()->EndStream(token);
    return {};
  }
  if (exports_.size() >= kStreamsMax) {
    return chaac::Fail(ErrorCode::kServerBusy,
                       fmt::format("{} exports of all municipalities are under way; try again, or "
                                   "export one with municipality=",
                                   kStreamsMax));
  }
  auto& running = exports_.emplace_back(std::make_unique<Export>());
  running->number = ++last_number_;
  running->token = token;
  running->plan = std::move(plan);
  Result<void> asked = AskForNext(running.get());
  if (!asked) exports_.pop_back();
  return asked;
}

Result<void> ExportEndpoint::AskForNext(Export* running) {
  running->asking = true;
  Query query = running->plan.query;
  query.municipality = running->plan.municipalities[running->position++];
  return asker_->Ask(
      std::move(query),
      [this, number = running->number](const QueryAnswerPtr& answer) { OnRows(number, answer); });
}

// Begins with the first rows, so that a store that cannot be read is a 503.
void ExportEndpoint::OnRows(std::uint64_t number, const QueryAnswerPtr& answer) {
  const auto found = std::find_if(exports_.begin(), exports_.end(),
                                  [&](const auto& e) { return e->number == number; });
  if (found == exports_.end()) return;  // Its client has gone.
  Export* const running = found->get();
  running->asking = false;
  if (answer->error) return Fail(running, *answer->error);
  const std::string& rows = answer->body.body;
  const RequestToken token = running->token;
  const bool is_last = running->position == running->plan.municipalities.size();
  bool has_room = false;  // Of which nobody else tells.
  if (!running->begun) {
    if (Begin(running, rows) == StreamStart::kOver) return Forget(number);
  } else if (rows.empty()) {
    has_room = true;
  } else {
    auto chunk = std::make_shared<const StreamChunk>(rows, answer);
    const StreamWrite written = responder_->server()->WriteStream(token, std::move(chunk));
    if (written != StreamWrite::kTaken) return Cut(running);  // Not so: room was told before.
  }
  if (is_last) {
    responder_->server()->EndStream(token);
    Forget(number);
  } else if (has_room) {
    OnStreamRoom(token);
  }
}

StreamStart ExportEndpoint::Begin(Export* running, std::string_view rows) {
  running->begun = true;
  const Query& query = running->plan.query;
  const std::string first = std::string(HeaderOf(query)).append(rows);
  const std::string headers = StreamHeaders(query);
  return responder_->BeginStream(
      Route::kExport, running->token,
      {.content_type = kContentType, .body = first, .extra_headers = headers}, StreamKind::kFinite,
      this);
}

void ExportEndpoint::OnStreamRoom(RequestToken token) {
  Export* const running = Find(token);
  if (running == nullptr || running->asking) return;
  const Result<void> asked = AskForNext(running);
  if (!asked) Fail(running, asked.error());
}

void ExportEndpoint::OnStreamGone(RequestToken token, StreamLoss /*why*/) {
  if (const Export* const running = Find(token)) Forget(running->number);
}

void ExportEndpoint::Fail(Export* running, const Error& error) {
  if (running->begun) return Cut(running);
  responder_->Fail(Route::kExport, running->token, error);
  Forget(running->number);
}

// What has begun cannot become an error any more; nobody shall take it for all.
void ExportEndpoint::Cut(Export* running) {
  const RequestToken token = running->token;
  Forget(running->number);
  responder_->server()->CutStream(token);
}

ExportEndpoint::Export* ExportEndpoint::Find(RequestToken token) {
  const auto found = std::find_if(exports_.begin(), exports_.end(),
                                  [&](const auto& e) { return e->begun && e->token == token; });
  return found == exports_.end() ? nullptr : found->get();
}

void ExportEndpoint::Forget(std::uint64_t number) {
  std::erase_if(exports_, [&](const auto& e) { return e->number == number; });
}

}  // namespace chaac
