// POST /api/weather: one report, an array of reports, or NDJSON. Decodes, submits, and answers when
// the outcome is known. Not thread-safe: it belongs to its loop.
#pragma once

#include <string>
#include <string_view>

#include "base/event_loop.h"
#include "http/handler.h"
#include "http/responder.h"
#include "ingest/ingest.h"
#include "report/decoder.h"

namespace chaac {

class WeatherEndpoint final : public OutcomeListener {
 public:
  // All pointers outlive this.
  WeatherEndpoint(const EventLoop* loop, Decoder* decoder, Responder* responder,
                  IngestMetrics* metrics);

  // Ingest tells its outcomes to this endpoint, so it is made later.
  void Attach(Ingest* ingest) { ingest_ = ingest; }

  void OnPost(const Request& request, RequestToken token);
  void OnOutcome(const Submission& submission) override;

 private:
  [[nodiscard]] Result<BodyFormat> FormatOf(std::string_view content_type) const;
  void AnswerBatch(const Submission& submission, RequestToken token);

  const EventLoop* loop_;
  Decoder* decoder_;
  Responder* responder_;
  IngestMetrics* metrics_;
  Ingest* ingest_ = nullptr;
  std::string body_;  // Scratch.
};

}  // namespace chaac
