// The scanner's byte machine, and what is refused on top of Boost.Beast's grammar.
#include "http/head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>
#include <limits>
#include <string>

#include "http/syntax.h"

namespace chaac {
namespace {

namespace beast_http = boost::beast::http;

Error Malformed(std::string detail) {
  return Error{ErrorCode::kMalformedHttp, std::move(detail), {}};
}

}  // namespace

ScanOutcome HeadScanner::Scan(std::string_view data, const HttpLimits& limits) {
  const std::size_t end = std::min(data.size(), limits.head_bytes_max);
  while (position_ < end) {
    if (state_ == State::kLine) {  // Nearly all of a head: no need for the machine.
      while (position_ < end && IsText(data[position_])) ++position_;
      if (position_ == end) break;
    }
    const State next = Step(data[position_], limits);
    if (next >= State::kBadByte) {
      refused_in_ = state_;
      state_ = next;
      return ScanOutcome::kRefused;
    }
    state_ = next;
    ++position_;
    if (next == State::kComplete) return ScanOutcome::kComplete;
  }
  if (position_ < limits.head_bytes_max) return ScanOutcome::kIncomplete;
  state_ = State::kHeadLong;
  return ScanOutcome::kRefused;
}

HeadScanner::State HeadScanner::Step(char c, const HttpLimits& limits) {
  switch (state_) {
    case State::kFirst:
      if (c == '\r') return State::kLeadingLf;
      return IsToken(c) ? State::kMethod : State::kBadByte;
    case State::kLeadingLf:
      start_ = position_ + 1;
      return c == '\n' ? State::kMethodStart : State::kBadByte;
    case State::kMethodStart:
      return IsToken(c) ? State::kMethod : State::kBadByte;
    case State::kMethod:
      target_start_ = position_ + 1;
      if (c == ' ') return State::kTarget;
      return IsToken(c) ? State::kMethod : State::kBadByte;
    case State::kTarget:
      if (c == ' ' && position_ > target_start_) return State::kVersion;
      if (!IsVisible(c)) return State::kBadByte;
      return position_ - target_start_ < limits.target_bytes_max ? State::kTarget
                                                                 : State::kTargetLong;
    case State::kVersion:
    case State::kLine:
      if (c == '\r') return State::kLf;
      return IsText(c) ? state_ : State::kBadByte;
    case State::kLf:
      return c == '\n' ? State::kLineStart : State::kBadByte;
    case State::kLineStart:
      if (c == '\r') return State::kFinalLf;
      return IsToken(c) ? State::kLine : State::kBadByte;
    case State::kFinalLf:
      return c == '\n' ? State::kComplete : State::kBadByte;
    default:
      return State::kBadByte;  // Not reached: Scan() is not called after it returned a verdict.
  }
}

Error HeadScanner::RefusalOf(std::string_view data, const HttpLimits& limits) const {
  if (state_ == State::kHeadLong) {
    return {ErrorCode::kHeadTooLarge,
            fmt::format("The request line and headers are longer than {} bytes, which is the most "
                        "that is accepted.",
                        limits.head_bytes_max),
            {}};
  }
  if (state_ == State::kTargetLong) {
    return {ErrorCode::kUriTooLong,
            fmt::format("The request target is longer than {} bytes, which is the most that is "
                        "accepted.",
                        limits.target_bytes_max),
            {}};
  }
  const auto byte = static_cast<unsigned char>(data[position_]);
  if (byte == '\n') return Malformed("A line of the head ends in a bare LF; it must end in CR LF.");
  switch (refused_in_) {
    case State::kLeadingLf:
    case State::kLf:
    case State::kFinalLf:
      return Malformed("A CR in the head is not followed by LF; lines must end in CR LF.");
    case State::kLineStart:
      if (byte == ' ' || byte == '\t') {
        return Malformed("A header line begins with white space; folded lines are not accepted.");
      }
      return Malformed(fmt::format("A header name begins with the byte 0x{:02x}.", byte));
    case State::kTarget:
      return Malformed(
          fmt::format("The request target is empty or holds the byte 0x{:02x}; other bytes than "
                      "visible ASCII must be percent-encoded.",
                      byte));
    case State::kFirst:
    case State::kMethodStart:
    case State::kMethod:
      return Malformed(
          fmt::format("The method holds the byte 0x{:02x}; a request begins like this: "
                      "GET /stats HTTP/1.1",
                      byte));
    default:
      return Malformed(fmt::format("The head holds the control byte 0x{:02x}.", byte));
  }
}

namespace {

// A header that may occur once.
struct SingleField {
  std::string_view value;
  int lines = 0;

  void Add(std::string_view text) {
    if (lines++ == 0) value = text;
  }
};

// Collects what Beast finds; decides nothing.
class HeadParser final : public beast_http::basic_parser<true> {
 public:
  HeadParser() {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // HeadScanner has held ours.
    body_limit(boost::none);                                  // ParseHead decides it.
  }

  // Gives the whole head at once: Beast's own resumption is not used.
  boost::beast::error_code Parse(std::string_view text) {
    boost::beast::error_code error;
    put({text.data(), text.size()}, error);
    return error;
  }

  beast_http::verb verb = beast_http::verb::unknown;
  std::string_view target;
  bool http_1_0 = false;
  bool upgrade_field = false;
  SingleField host;
  SingleField content_length_field;
  SingleField transfer_encoding;
  SingleField expect;
  SingleField content_type;
  SingleField idempotency_key;
  SingleField content_encoding;
  SingleField accept;
  SingleField accept_encoding;
  SingleField if_none_match;

 private:
  using BeastView = boost::beast::string_view;
  using BeastError = boost::beast::error_code;

  void on_request_impl(beast_http::verb method, BeastView /*method_text*/, BeastView target_text,
                       int version, BeastError& /*error*/) override {
    verb = method;
    target = target_text;
    http_1_0 = version == 10;
  }

  void on_field_impl(beast_http::field field, BeastView name, BeastView value,
                     BeastError& /*error*/) override {
    switch (field) {
      case beast_http::field::host:
        return host.Add(value);
      case beast_http::field::content_length:
        return content_length_field.Add(value);
      case beast_http::field::transfer_encoding:
        return transfer_encoding.Add(value);
      case beast_http::field::expect:
        return expect.Add(value);
      case beast_http::field::content_type:
        return content_type.Add(value);
      case beast_http::field::content_encoding:
        if (!boost::beast::iequals(value, "identity")) content_encoding.Add(value);
        return;
      case beast_http::field::accept:
        return accept.Add(value);
      case beast_http::field::accept_encoding:
        return accept_encoding.Add(value);
      case beast_http::field::if_none_match:
        return if_none_match.Add(value);
      case beast_http::field::upgrade:
        upgrade_field = true;
        return;
      case beast_http::field::unknown:
        if (boost::beast::iequals(name, "Idempotency-Key")) idempotency_key.Add(value);
        return;
      default:
        return;
    }
  }

  // Beast reads no body here and no response: it stops after the head.
  void on_response_impl(int, BeastView, int, BeastError&) override {}
  void on_header_impl(BeastError&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, BeastError&) override {}
  std::size_t on_body_impl(BeastView, BeastError&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, BeastView, BeastError&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView, BeastError&) override { return 0; }
  void on_finish_impl(BeastError&) override {}
};

using Fault = std::optional<Error>;

Fault GrammarFault(boost::beast::error_code error, std::string_view head) {
  if (error == beast_http::error::bad_version) {
    const std::size_t target = head.find(' ') + 1;
    const std::size_t version_start = head.find(' ', target) + 1;
    const std::string_view version =
        head.substr(version_start, head.find('\r', version_start) - version_start);
    if (version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.') {
      return Error{ErrorCode::kHttpVersion, "Only HTTP/1.1 and HTTP/1.0 are spoken here.", {}};
    }
    return Malformed("The request line does not end in HTTP/1.1 or HTTP/1.0.");
  }
  if (error == beast_http::error::bad_content_length ||
      error == beast_http::error::multiple_content_length) {
    return Malformed(
        "Content-Length is not one decimal number, or comes with Transfer-Encoding; send one of "
        "them, once.");
  }
  if (error == beast_http::error::bad_transfer_encoding) {
    return Malformed(
        "Transfer-Encoding is repeated or comes with Content-Length; send one of them, once.");
  }
  if (error == beast_http::error::bad_field) {
    return Malformed("A header name is empty, or is not a token directly followed by a colon.");
  }
  return Malformed(fmt::format("The head is not HTTP/1.1: {}.", error.message()));
}

bool IsPort(std::string_view text) {
  return text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsHostName(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsHostByte(c); });
}

// host [ ":" port ] (RFC 9110, 7.2; RFC 3986, 3.2.2), with a host that is not empty.
bool IsAuthority(std::string_view text) {
  std::size_t host_size = std::min(text.find(':'), text.size());
  if (text.starts_with('[')) {
    const std::size_t close = text.find_first_not_of("0123456789abcdefABCDEF:.v", 1);
    if (close == std::string_view::npos || close == 1 || text[close] != ']') return false;
    host_size = close + 1;
  } else if (!IsHostName(text.substr(0, host_size))) {
    return false;
  }
  const std::string_view rest = text.substr(host_size);
  return rest.empty() || (rest.front() == ':' && IsPort(rest.substr(1)));
}

Fault HostFault(const HeadParser& parser) {
  if (parser.host.lines > 1) return Malformed("Host is given more than once.");
  if (parser.host.lines == 0) {
    if (parser.http_1_0) return std::nullopt;
    return Malformed("Host is missing; HTTP/1.1 requires it.");
  }
  if (!IsAuthority(parser.host.value))
    return Malformed("Host is not a host with an optional port.");
  return std::nullopt;
}

struct Resource {
  std::string_view path;
  std::string_view query;
};

Resource SplitQuery(std::string_view text) {
  const std::size_t path_size = std::min(text.find('?'), text.size());
  return {text.substr(0, path_size), text.substr(std::min(path_size + 1, text.size()))};
}

// Absolute form ("http://host/path") must name the host that the Host header names.
Fault FindResource(const HeadParser& parser, Resource* resource) {
  const std::string_view target = parser.target;
  if (target.find('#') != std::string_view::npos) {
    return Malformed("The request target holds a fragment ('#'); leave it out.");
  }
  *resource = SplitQuery(target);
  if (target.starts_with('/')) return std::nullopt;
  if (target == "*" && parser.verb == beast_http::verb::options) return std::nullopt;
  const std::size_t scheme_end = std::min(target.find("://"), target.size());
  const std::string_view scheme = target.substr(0, scheme_end);
  if (scheme_end == target.size() ||
      !(boost::beast::iequals(scheme, "http") || boost::beast::iequals(scheme, "https"))) {
    return Malformed("The request target must be a path that begins with '/'.");
  }
  const std::string_view rest = target.substr(scheme_end + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  if (!IsAuthority(authority) ||
      (parser.host.lines == 1 && !boost::beast::iequals(authority, parser.host.value))) {
    return Malformed("The request target names another host than the Host header.");
  }
  *resource = SplitQuery(rest.substr(authority.size()));
  if (resource->path.empty()) resource->path = target.substr(scheme_end + 1, 1);  // A '/'.
  return std::nullopt;
}

Fault FramingFault(const HeadParser& parser, RequestHead* head) {
  if (parser.transfer_encoding.lines > 0) {
    if (parser.http_1_0) return Malformed("Transfer-Encoding is not part of HTTP/1.0.");
    if (parser.content_length_field.lines > 0) {
      return Malformed(
          "Content-Length and Transfer-Encoding exclude each other; send one of them.");
    }
    if (parser.transfer_encoding.lines > 1 ||
        !boost::beast::iequals(parser.transfer_encoding.value, "chunked")) {
      return Malformed("Transfer-Encoding must be exactly 'chunked', once.");
    }
    head->framing = BodyFraming::kChunked;
    return std::nullopt;
  }
  if (parser.content_length_field.lines > 1) {
    return Malformed("Content-Length is given more than once.");
  }
  if (parser.content_length_field.lines == 1) {
    const std::string_view text = parser.content_length_field.value;
    const char* const text_end = text.data() + text.size();
    const auto [parsed_end, error] = std::from_chars(text.data(), text_end, head->content_length);
    if (error != std::errc() || parsed_end != text_end) {
      return Malformed("Content-Length is not a decimal number below 2^64.");
    }
  }
  return std::nullopt;
}

Fault ExpectationFault(const HeadParser& parser, RequestHead* head) {
  if (parser.expect.lines == 0 || parser.http_1_0) return std::nullopt;
  if (parser.expect.lines > 1 || !boost::beast::iequals(parser.expect.value, "100-continue")) {
    return Error{
        ErrorCode::kExpectationFailed, "Expect may only be '100-continue'.", {"100-continue"}};
  }
  head->expects_continue = true;
  return std::nullopt;
}

Method MethodOf(beast_http::verb verb) {
  switch (verb) {
    case beast_http::verb::get:
      return Method::kGet;
    case beast_http::verb::head:
      return Method::kHead;
    case beast_http::verb::post:
      return Method::kPost;
    case beast_http::verb::put:
      return Method::kPut;
    case beast_http::verb::delete_:
      return Method::kDelete;
    case beast_http::verb::patch:
      return Method::kPatch;
    case beast_http::verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

Persistence PersistenceOf(const HeadParser& parser) {
  if (!parser.keep_alive()) return Persistence::kClose;
  return parser.http_1_0 ? Persistence::kKeepAliveExplicit : Persistence::kKeepAlive;
}

Fault AmbiguityFault(const HeadParser& parser) {
  if (parser.verb == beast_http::verb::connect) return Malformed("CONNECT is not served here.");
  if (parser.upgrade_field || parser.upgrade()) {
    return Malformed("Upgrading to another protocol is not supported; leave out Upgrade.");
  }
  if (parser.content_type.lines > 1) return Malformed("Content-Type is given more than once.");
  if (parser.idempotency_key.lines > 1)
    return Malformed("Idempotency-Key is given more than once.");
  return HostFault(parser);
}

}  // namespace

std::optional<Error> ParseHead(std::string_view text, std::size_t start, const HttpLimits& limits,
                               RequestHead* head) {
  HeadParser parser;
  if (const auto error = parser.Parse(text.substr(start))) {
    return GrammarFault(error, text.substr(start));
  }
  if (Fault fault = AmbiguityFault(parser)) return fault;
  Resource resource;
  if (Fault fault = FindResource(parser, &resource)) return fault;
  *head = RequestHead{};
  if (Fault fault = FramingFault(parser, head)) return fault;
  if (Fault fault = ExpectationFault(parser, head)) return fault;
  if (head->content_length > limits.body_bytes_max) {
    return Error{ErrorCode::kBodyTooLarge,
                 fmt::format("The body has {} bytes; {} are the most that is accepted.",
                             head->content_length, limits.body_bytes_max),
                 {}};
  }
  const auto span = [text](std::string_view part) {
    if (part.empty()) return TextSpan{};
    return TextSpan{static_cast<std::uint32_t>(part.data() - text.data()),
                    static_cast<std::uint32_t>(part.size())};
  };
  head->method = MethodOf(parser.verb);
  head->persistence = PersistenceOf(parser);
  head->version = parser.http_1_0 ? HttpVersion::kHttp10 : HttpVersion::kHttp11;
  head->path = span(resource.path);
  head->query = span(resource.query);
  head->content_type = span(parser.content_type.value);
  head->accept = span(parser.accept.value);
  head->accept_encoding = span(parser.accept_encoding.value);
  head->if_none_match = span(parser.if_none_match.value);
  head->idempotency_key = span(parser.idempotency_key.value);
  head->content_encoding = span(parser.content_encoding.value);
  return std::nullopt;
}

}  // namespace chaac
