// What an HttpServer asks of the routes behind it, and how they answer. All of it happens on the
// thread of the server's event loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chaac {

// Bytes that are readable, not necessarily set, behind every Request::body. A decoder may count on
// them (simdjson reads up to 64 bytes too far).
inline constexpr std::size_t kRequestPaddingBytes = 64;

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kPatch, kOptions, kOther };

// One complete request. Every view is valid only during OnRequest().
struct Request {
  Method method;
  std::string_view path;   // Up to '?', still percent-encoded.
  std::string_view query;  // After '?', may be empty.
  std::string_view body;  // Decoded if it was chunked. kRequestPaddingBytes are readable behind it.
  std::string_view content_type;  // Values of the headers of these names; empty when absent.
  std::string_view accept;
  std::string_view accept_encoding;
  std::string_view if_none_match;
  std::string_view idempotency_key;
  std::string_view content_encoding;  // Empty for identity, too.
};

// Names one request until it is answered. A token of a connection that has gone is harmless.
struct RequestToken {
  std::uint32_t connection;
  std::uint32_t generation;
  std::uint32_t sequence;
};

// An answer. Views need to be valid only during Respond().
struct Response {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string_view body;
  std::string_view extra_headers;  // Whole lines, each ending in CRLF: "Allow: GET\r\n".
};

class RequestHandler {
 public:
  // Called for every well-formed request, in the order of arrival on its connection. The handler
  // answers each token exactly once with HttpServer::Respond(): within the call or later, in any
  // order; the server sends answers in the order of the requests.
  virtual void OnRequest(const Request& request, RequestToken token) = 0;

 protected:
  ~RequestHandler() = default;
};

}  // namespace chaac
