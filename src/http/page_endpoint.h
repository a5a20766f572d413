// The page's files: GET /, /docs, /favicon.svg and /assets/…, sent from where they are embedded,
// never copied. Under a Content-Security-Policy that lets the page load and ask this server alone,
// and run no code but its own files. Not thread-safe: it belongs to its loop.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/handler.h"
#include "http/responder.h"
#include "http/stream.h"
#include "http/web_assets.h"

namespace chaac {

class PageEndpoint {
 public:
  // `assets` and `responder` outlive this. Without assets there is no page.
  PageEndpoint(std::span<const WebAsset> assets, Responder* responder);

  // Whether this request for / is a browser's, and there is a page to show.
  [[nodiscard]] bool IsWanted(const Request& request) const;

  // The file of the request's path; 404 when there is none.
  void OnGet(Route route, const Request& request, RequestToken token);

 private:
  struct File {
    WebAsset asset;
    std::string etag;
    std::string headers;                      // Whole lines.
    std::shared_ptr<const StreamChunk> gzip;  // Null: identity is all there is.
    std::shared_ptr<const StreamChunk> identity;
  };

  [[nodiscard]] const File* Find(std::string_view path) const;

  std::vector<File> files_;
  Responder* responder_;
};

}  // namespace chaac
