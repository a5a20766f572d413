// Files that have a fixed name are asked for anew each time, which an ETag makes cheap; those named
// by their content are kept for ever.
#include "http/page_endpoint.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/accept.h"
#include "query/cached_body.h"

namespace chaac {
namespace {

constexpr std::string_view kForEver = "public, max-age=31536000, immutable";
constexpr std::string_view kAskAnew = "no-cache";

constexpr std::string_view kProtection =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n";

std::string HeadersOf(const WebAsset& asset, std::string_view etag) {
  const bool is_root = asset.path == "/";  // Where others get JSON.
  return fmt::format("ETag: {}\r\nCache-Control: {}\r\nVary: {}Accept-Encoding\r\n{}", etag,
                     asset.path.starts_with("/assets/") ? kForEver : kAskAnew,
                     is_root ? "Accept, " : "", kProtection);
}

}  // namespace

PageEndpoint::PageEndpoint(std::span<const WebAsset> assets, Responder* responder)
    : responder_(responder) {
  for (const WebAsset& asset : assets) {
    File file{.asset = asset, .etag = EtagOf(asset.identity)};
    file.headers = HeadersOf(asset, file.etag);
    file.identity = std::make_shared<const StreamChunk>(asset.identity, nullptr);
    if (!asset.gzip.empty()) file.gzip = std::make_shared<const StreamChunk>(asset.gzip, nullptr);
    files_.push_back(std::move(file));
  }
}

bool PageEndpoint::IsWanted(const Request& request) const {
  return PrefersHtml(request.accept) && Find("/") != nullptr;
}

void PageEndpoint::OnGet(Route route, const Request& request, RequestToken token) {
  const File* const file = Find(request.path);
  if (file == nullptr) {
    return responder_->Fail(
        route, token,
        {ErrorCode::kNotFound, "the page has no such file; a reload gets the present one", {}});
  }
  if (EtagMatches(file->etag, request.if_none_match)) {
    return responder_->Answer(route, token, {.status = 304, .extra_headers = file->headers});
  }
  const bool compressed =
      file->gzip != nullptr && ChooseCoding(request.accept_encoding) == ContentCoding::kGzip;
  const std::string headers =
      fmt::format("{}{}", compressed ? "Content-Encoding: gzip\r\n" : "", file->headers);
  responder_->AnswerShared(route, token,
                           {.content_type = file->asset.content_type, .extra_headers = headers},
                           compressed ? file->gzip : file->identity);
}

const PageEndpoint::File* PageEndpoint::Find(std::string_view path) const {
  const auto found = std::find_if(files_.begin(), files_.end(),
                                  [path](const File& file) { return file.asset.path == path; });
  return found == files_.end() ? nullptr : &*found;
}

}  // namespace chaac
