// From a POST to Ingest, and from an outcome to the answer.
#include "http/weather_endpoint.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"
#include "http/problem.h"
#include "report/text.h"

namespace chaac {
namespace {

static_assert(kRequestPaddingBytes >= kBodyPaddingBytes, "the decoder reads behind the body");

RequestToken TokenOf(const Waiter& waiter) {
  return {waiter.connection, waiter.generation, waiter.sequence};
}

// "Application/JSON; charset=utf-8" is application/json.
bool IsMediaType(std::string_view content_type, std::string_view media_type) {
  if (content_type == media_type) return true;  // As nearly everyone spells it.
  const std::string_view type = content_type.substr(0, content_type.find_first_of("; \t"));
  return std::equal(
      type.begin(), type.end(), media_type.begin(), media_type.end(),
      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
}

Error EncodedBody(std::string_view content_encoding) {
  return {ErrorCode::kUnsupportedMediaType,
          fmt::format("the body's Content-Encoding is {}; send it uncompressed",
                      Quote(content_encoding)),
          {"identity"}};
}

void AppendRejections(const std::vector<RowRejection>& rejections, std::string* out) {
  out->append(R"("rejected":[)");
  for (const RowRejection& rejection : rejections) {
    if (out->back() != '[') out->push_back(',');
    fmt::format_to(std::back_inserter(*out), FMT_STRING(R"({{"index":{},"type":"{}","detail":)"),
                   rejection.index, TraitsOf(rejection.error.code).type);
    AppendJsonString(rejection.error.detail, out);
    out->push_back('}');
  }
  out->push_back(']');
}

}  // namespace

WeatherEndpoint::WeatherEndpoint(const EventLoop* loop, Decoder* decoder, Responder* responder,
                                 IngestMetrics* metrics)
    : loop_(loop), decoder_(decoder), responder_(responder), metrics_(metrics) {}

Result<BodyFormat> WeatherEndpoint::FormatOf(std::string_view content_type) const {
  if (content_type.empty() || IsMediaType(content_type, "application/json")) {
    return BodyFormat::kJson;
  }
  if (IsMediaType(content_type, "application/x-ndjson")) return BodyFormat::kNdjson;
  return chaac::Fail(
      ErrorCode::kUnsupportedMediaType,
      fmt::format("reports are not read from \"{}\"; send Content-Type: application/json, or "
                  "application/x-ndjson for one report a line",
                  content_type),
      {"application/json", "application/x-ndjson"});
}

void WeatherEndpoint::OnPost(const Request& request, RequestToken token) {
  const Result<BodyFormat> format = FormatOf(request.content_type);
  if (!format) {
    responder_->Fail(Route::kWeather, token, format.error());
    return;
  }
  if (!request.content_encoding.empty()) {
    responder_->Fail(Route::kWeather, token, EncodedBody(request.content_encoding));
    return;
  }
  Submission* submission = ingest_->Acquire();
  const Result<void> decoded = decoder_->Decode(request.body, *format, request.idempotency_key,
                                                loop_->WallNow(), &submission->decoded);
  if (!decoded) {
    metrics_->rejected[static_cast<std::size_t>(decoded.error().code)].Add();
    responder_->Fail(Route::kWeather, token, decoded.error());
    ingest_->Release(submission);
    return;
  }
  submission->waiter = {token.connection, token.generation, token.sequence};
  ingest_->Submit(submission, loop_->Now());
}

void WeatherEndpoint::OnOutcome(const Submission& submission) {
  const RequestToken token = TokenOf(submission.waiter);
  if (submission.failure) {
    responder_->Fail(Route::kWeather, token, *submission.failure, submission.arrived_at);
  } else if (submission.decoded.is_batch) {
    AnswerBatch(submission, token);
  } else if (submission.accepted == 0) {
    responder_->Fail(Route::kWeather, token, submission.decoded.rejections.front().error,
                     submission.arrived_at);
  } else {
    body_ = R"({"status":"success","message":"weather report stored","id":")";
    body_.append(submission.first_id).append(R"("})");
    responder_->Answer(Route::kWeather, token, {.body = body_}, submission.arrived_at);
  }
}

void WeatherEndpoint::AnswerBatch(const Submission& submission, RequestToken token) {
  const std::vector<RowRejection>& rejections = submission.decoded.rejections;
  if (submission.accepted == 0) {
    const Error& first = rejections.front().error;
    body_ = ProblemBody({first.code,
                         fmt::format("no row of the batch was accepted; row {}: {}",
                                     rejections.front().index, first.detail),
                         first.allowed});
    body_.back() = ',';  // The problem's closing brace.
    AppendRejections(rejections, &body_);
    body_.push_back('}');
    responder_->Answer(Route::kWeather, token,
                       {.status = TraitsOf(first.code).http_status,
                        .content_type = kProblemContentType,
                        .body = body_},
                       submission.arrived_at);
    return;
  }
  body_ = fmt::format(FMT_STRING(R"({{"status":"success","accepted":{},)"), submission.accepted);
  AppendRejections(rejections, &body_);
  fmt::format_to(std::back_inserter(body_), FMT_STRING(R"(,"first_id":"{}","last_id":"{}"}})"),
                 submission.first_id, submission.last_id);
  responder_->Answer(Route::kWeather, token, {.body = body_}, submission.arrived_at);
}

}  // namespace chaac
