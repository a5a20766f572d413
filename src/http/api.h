// The two doors: Api takes the public port's requests to their endpoints, AdminApi the admin
// port's. Not thread-safe: each belongs to its loop.
#pragma once

#include <functional>
#include <string>

#include "http/export_endpoint.h"
#include "http/handler.h"
#include "http/page_endpoint.h"
#include "http/query_endpoints.h"
#include "http/read_endpoints.h"
#include "http/responder.h"
#include "http/stream_endpoint.h"
#include "http/weather_endpoint.h"

namespace chaac {

// Who answers at the public port.
struct ApiEndpoints {
  WeatherEndpoint* weather;
  ReadEndpoints* reads;
  QueryEndpoints* queries;
  ExportEndpoint* exports;
  StreamEndpoint* stream;
  PageEndpoint* page;
};

class Api final : public RequestHandler {
 public:
  // All pointers outlive this.
  Api(const ApiEndpoints& endpoints, Responder* responder)
      : to_(endpoints), responder_(responder) {}

  void OnRequest(const Request& request, RequestToken token) override;

 private:
  const ApiEndpoints to_;
  Responder* responder_;
};

class AdminApi final : public RequestHandler {
 public:
  // `metrics_page` makes the text of /metrics. Pointers outlive this.
  AdminApi(std::function<std::string()> metrics_page, ReadEndpoints* reads, Responder* responder)
      : metrics_page_(std::move(metrics_page)), reads_(reads), responder_(responder) {}

  void OnRequest(const Request& request, RequestToken token) override;

 private:
  std::function<std::string()> metrics_page_;
  ReadEndpoints* reads_;
  Responder* responder_;
};

}  // namespace chaac
