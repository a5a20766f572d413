// CachedBody: a body that is served to many, made once, with the headers that let it be kept. Plain
// values.
#pragma once

#include <string>
#include <string_view>

namespace chaac {

struct CachedBody {
  std::string body;
  std::string headers;  // Whole lines: ETag and Cache-Control.
  std::string etag;     // W/"…", of the figures: a body of the same figures is the same.

  // Whether the value of If-None-Match, a list of tags or *, names it. Compares weakly.
  [[nodiscard]] bool MatchedBy(std::string_view if_none_match) const;
};

// The tag of `figures`.
[[nodiscard]] std::string EtagOf(std::string_view figures);
// The lines of ETag and Cache-Control for what changes every second.
[[nodiscard]] std::string CacheLines(std::string_view etag);
// Whether the value of If-None-Match names `etag`.
[[nodiscard]] bool EtagMatches(std::string_view etag, std::string_view if_none_match);

// `figures`: what of `body` its tag is made from: all but the time at which it was made.
[[nodiscard]] CachedBody MakeCachedBody(std::string body, std::string_view figures);
// All of it is figures.
[[nodiscard]] CachedBody MakeCachedBody(std::string body);

}  // namespace chaac
