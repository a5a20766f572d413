// The lines of a head, and what is refused in them.
#include "http/head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "http/malformed_http.h"
#include "http/syntax.h"

namespace chaac {
namespace {

using Fault = std::optional<Error>;

// The fields that a head is read for.
enum class Field : std::uint8_t {
  kAccept,
  kAcceptEncoding,
  kConnection,
  kContentEncoding,
  kContentLength,
  kContentType,
  kExpect,
  kHost,
  kIdempotencyKey,
  kIfNoneMatch,
  kTransferEncoding,
  kUpgrade,
  kOther,
};
constexpr std::size_t kFieldCount = static_cast<std::size_t>(Field::kOther);

// By Field.
constexpr std::array<std::string_view, kFieldCount> kFieldNames = {
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "idempotency-key",
    "if-none-match",
    "transfer-encoding",
    "upgrade",
};

// REQUIRES: `name` is a token. Of the bytes of a token, 0x20 tells upper case from lower case, and
// nothing else apart from what the names have.
Field FieldOf(std::string_view name) {
  const auto is_name = [name](std::string_view known) {
    if (name.size() != known.size()) return false;
    std::size_t i = 0;
    while (i < name.size() && (name[i] | 0x20) == known[i]) ++i;
    return i == name.size();
  };
  std::size_t field = 0;
  while (field < kFieldCount && !is_name(kFieldNames[field])) ++field;
  return static_cast<Field>(field);
}

// A field that may be on several lines: the first counts.
struct FieldLines {
  std::string_view value;
  std::uint32_t count = 0;

  void Add(std::string_view text) {
    if (count++ == 0) value = text;
  }
};

// A head, taken apart.
struct Lines {
  std::string_view method;
  std::string_view target;
  HttpVersion version = HttpVersion::kHttp11;
  bool says_close = false;  // In Connection; so the next two.
  bool says_keep_alive = false;
  bool says_upgrade = false;
  std::array<FieldLines, kFieldCount> fields;

  [[nodiscard]] const FieldLines& Of(Field field) const {
    return fields[static_cast<std::size_t>(field)];
  }
};

// Takes what precedes the next `end` off `*text`, and `end_bytes` with it. REQUIRES: there is one.
std::string_view TakeUntil(char end, std::size_t end_bytes, std::string_view* text) {
  const std::size_t size = text->find(end);
  const std::string_view taken = text->substr(0, size);
  text->remove_prefix(size + end_bytes);
  return taken;
}

// Without the CR LF that ends it: no CR is followed by anything else.
std::string_view TakeLine(std::string_view* text) { return TakeUntil('\r', 2, text); }

Fault ReadVersion(std::string_view text, HttpVersion* version) {
  if (text == "HTTP/1.1") {
    *version = HttpVersion::kHttp11;
  } else if (text == "HTTP/1.0") {
    *version = HttpVersion::kHttp10;
  } else if (text.size() == 8 && text.starts_with("HTTP/") && text[6] == '.') {
    return Error{ErrorCode::kHttpVersion, "Only HTTP/1.1 and HTTP/1.0 are spoken here.", {}};
  } else {
    return MalformedHttp("The request line does not end in HTTP/1.1 or HTTP/1.0.");
  }
  return std::nullopt;
}

// #connection-option (RFC 9110, 7.6.1); empty elements are allowed.
Fault ReadConnection(std::string_view list, Lines* lines) {
  while (!list.empty()) {
    const std::string_view option = TakeElement(',', &list);
    if (!std::all_of(option.begin(), option.end(), IsToken)) {
      return MalformedHttp("Connection is not a list of names, separated by commas.");
    }
    lines->says_close |= EqualsIgnoringCase(option, "close");
    lines->says_keep_alive |= EqualsIgnoringCase(option, "keep-alive");
    lines->says_upgrade |= EqualsIgnoringCase(option, "upgrade");
  }
  return std::nullopt;
}

Fault ReadField(std::string_view line, Lines* lines) {
  std::size_t name_size = 0;
  while (name_size < line.size() && IsToken(line[name_size])) ++name_size;
  if (name_size == 0 || name_size == line.size() || line[name_size] != ':') {
    return MalformedHttp("A header name is empty, or is not a token directly followed by a colon.");
  }
  const Field field = FieldOf(line.substr(0, name_size));
  if (field == Field::kOther) return std::nullopt;
  const std::string_view value = TrimWhitespace(line.substr(name_size + 1));
  if (field == Field::kContentEncoding && EqualsIgnoringCase(value, "identity")) {
    return std::nullopt;
  }
  lines->fields[static_cast<std::size_t>(field)].Add(value);
  if (field == Field::kConnection) return ReadConnection(value, lines);
  return std::nullopt;
}

// `head`: from the request line to the empty line, as HeadScanner accepts it.
Fault ReadLines(std::string_view head, Lines* lines) {
  lines->method = TakeUntil(' ', 1, &head);
  lines->target = TakeUntil(' ', 1, &head);
  if (Fault fault = ReadVersion(TakeLine(&head), &lines->version)) return fault;
  while (true) {
    const std::string_view line = TakeLine(&head);
    if (line.empty()) return std::nullopt;
    if (Fault fault = ReadField(line, lines)) return fault;
  }
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

Fault HostFault(const Lines& lines) {
  const FieldLines& host = lines.Of(Field::kHost);
  if (host.count > 1) return MalformedHttp("Host is given more than once.");
  if (host.count == 0) {
    if (lines.version == HttpVersion::kHttp10) return std::nullopt;
    return MalformedHttp("Host is missing; HTTP/1.1 requires it.");
  }
  if (!IsAuthority(host.value)) return MalformedHttp("Host is not a host with an optional port.");
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
Fault FindResource(const Lines& lines, Resource* resource) {
  const std::string_view target = lines.target;
  if (target.find('#') != std::string_view::npos) {
    return MalformedHttp("The request target holds a fragment ('#'); leave it out.");
  }
  *resource = SplitQuery(target);
  if (target.starts_with('/')) return std::nullopt;
  if (target == "*" && lines.method == "OPTIONS") return std::nullopt;
  const std::size_t scheme_end = std::min(target.find("://"), target.size());
  const std::string_view scheme = target.substr(0, scheme_end);
  if (scheme_end == target.size() ||
      !(EqualsIgnoringCase(scheme, "http") || EqualsIgnoringCase(scheme, "https"))) {
    return MalformedHttp("The request target must be a path that begins with '/'.");
  }
  const std::string_view rest = target.substr(scheme_end + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  const FieldLines& host = lines.Of(Field::kHost);
  if (!IsAuthority(authority) || (host.count == 1 && !EqualsIgnoringCase(authority, host.value))) {
    return MalformedHttp("The request target names another host than the Host header.");
  }
  *resource = SplitQuery(rest.substr(authority.size()));
  if (resource->path.empty()) resource->path = target.substr(scheme_end + 1, 1);  // A '/'.
  return std::nullopt;
}

Fault FramingFault(const Lines& lines, RequestHead* head) {
  const FieldLines& encoding = lines.Of(Field::kTransferEncoding);
  const FieldLines& length = lines.Of(Field::kContentLength);
  if (encoding.count > 0) {
    if (head->version == HttpVersion::kHttp10) {
      return MalformedHttp("Transfer-Encoding is not part of HTTP/1.0.");
    }
    if (length.count > 0) {
      return MalformedHttp(
          "Content-Length and Transfer-Encoding exclude each other; send one of them.");
    }
    if (encoding.count > 1 || !EqualsIgnoringCase(encoding.value, "chunked")) {
      return MalformedHttp("Transfer-Encoding must be exactly 'chunked', once.");
    }
    head->framing = BodyFraming::kChunked;
    return std::nullopt;
  }
  if (length.count > 1) return MalformedHttp("Content-Length is given more than once.");
  if (length.count == 1) {
    const char* const text_end = length.value.data() + length.value.size();
    const auto [parsed_end, error] =
        std::from_chars(length.value.data(), text_end, head->content_length);
    if (error != std::errc() || parsed_end != text_end) {
      return MalformedHttp("Content-Length is not a decimal number below 2^64.");
    }
  }
  return std::nullopt;
}

Fault ExpectationFault(const Lines& lines, RequestHead* head) {
  const FieldLines& expect = lines.Of(Field::kExpect);
  if (expect.count == 0 || head->version == HttpVersion::kHttp10) return std::nullopt;
  if (expect.count > 1 || !EqualsIgnoringCase(expect.value, "100-continue")) {
    return Error{
        ErrorCode::kExpectationFailed, "Expect may only be '100-continue'.", {"100-continue"}};
  }
  head->expects_continue = true;
  return std::nullopt;
}

// Methods are compared with regard to case (RFC 9110, 9.1).
Method MethodOf(std::string_view name) {
  if (name == "POST") return Method::kPost;
  if (name == "GET") return Method::kGet;
  if (name == "HEAD") return Method::kHead;
  if (name == "PUT") return Method::kPut;
  if (name == "DELETE") return Method::kDelete;
  if (name == "PATCH") return Method::kPatch;
  if (name == "OPTIONS") return Method::kOptions;
  return Method::kOther;
}

// RFC 9112, 9.3: who says "close" means it, whatever else is said.
Persistence PersistenceOf(const Lines& lines) {
  if (lines.says_close) return Persistence::kClose;
  if (lines.version == HttpVersion::kHttp11) return Persistence::kKeepAlive;
  return lines.says_keep_alive ? Persistence::kKeepAliveExplicit : Persistence::kClose;
}

Fault AmbiguityFault(const Lines& lines) {
  if (lines.method == "CONNECT") return MalformedHttp("CONNECT is not served here.");
  if (lines.says_upgrade || lines.Of(Field::kUpgrade).count > 0) {
    return MalformedHttp("Upgrading to another protocol is not supported; leave out Upgrade.");
  }
  if (lines.Of(Field::kContentType).count > 1) {
    return MalformedHttp("Content-Type is given more than once.");
  }
  if (lines.Of(Field::kIdempotencyKey).count > 1) {
    return MalformedHttp("Idempotency-Key is given more than once.");
  }
  return HostFault(lines);
}

}  // namespace

std::optional<Error> ParseHead(std::string_view text, std::size_t start, const HttpLimits& limits,
                               RequestHead* head) {
  Lines lines;
  if (Fault fault = ReadLines(text.substr(start), &lines)) return fault;
  if (Fault fault = AmbiguityFault(lines)) return fault;
  Resource resource;
  if (Fault fault = FindResource(lines, &resource)) return fault;
  *head = RequestHead{};
  head->version = lines.version;
  if (Fault fault = FramingFault(lines, head)) return fault;
  if (Fault fault = ExpectationFault(lines, head)) return fault;
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
  const auto value = [&](Field field) { return span(lines.Of(field).value); };
  head->method = MethodOf(lines.method);
  head->persistence = PersistenceOf(lines);
  head->path = span(resource.path);
  head->query = span(resource.query);
  head->content_type = value(Field::kContentType);
  head->accept = value(Field::kAccept);
  head->accept_encoding = value(Field::kAcceptEncoding);
  head->if_none_match = value(Field::kIfNoneMatch);
  head->idempotency_key = value(Field::kIdempotencyKey);
  head->content_encoding = value(Field::kContentEncoding);
  return std::nullopt;
}

}  // namespace chaac
