// Tags, and what matches them.
#include "query/cached_body.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <utility>

namespace chaac {

std::string EtagOf(std::string_view figures) {
  return fmt::format(FMT_STRING("W/\"{:016x}\""), XXH3_64bits(figures.data(), figures.size()));
}

std::string CacheLines(std::string_view etag) {
  return fmt::format(FMT_STRING("ETag: {}\r\nCache-Control: public, max-age=1\r\n"), etag);
}

bool EtagMatches(std::string_view etag, std::string_view if_none_match) {
  if (if_none_match == "*") return true;
  const std::string_view opaque = etag.substr(etag.find('"'));
  // A tag holds every sign but quotes: whatever stands between them, quotes come in pairs.
  for (std::string_view rest = if_none_match; !rest.empty();) {
    const std::size_t begin = rest.find('"');
    if (begin == std::string_view::npos) return false;
    const std::size_t size = rest.substr(begin).find('"', 1);
    if (size == std::string_view::npos) return false;
    if (rest.substr(begin, size + 1) == opaque) return true;
    rest.remove_prefix(begin + size + 1);
  }
  return false;
}

bool CachedBody::MatchedBy(std::string_view if_none_match) const {
  return EtagMatches(etag, if_none_match);
}

CachedBody MakeCachedBody(std::string body, std::string_view figures) {
  CachedBody cached;
  cached.etag = EtagOf(figures);
  cached.headers = CacheLines(cached.etag);
  cached.body = std::move(body);
  return cached;
}

CachedBody MakeCachedBody(std::string body) {
  const std::string etag = EtagOf(body);
  return {.body = std::move(body), .headers = CacheLines(etag), .etag = etag};
}

}  // namespace chaac
