// Room for the whole answer is reserved once; then its pieces are copied behind one another.
#include "http/response_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <string_view>

namespace chaac {
namespace {

constexpr std::string_view kJsonContentType = "application/json";
// More than the fixed pieces of any answer: status line, names of headers, Date, digits.
constexpr std::size_t kFixedBytesMax = 512;

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string_view ReasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";  // Allowed to be empty (RFC 9112, 4).
  }
}

// Statuses whose answers never have content.
bool HasContent(int status) { return status != 204 && status != 304; }

std::string_view ConnectionLine(Persistence persistence) {
  switch (persistence) {
    case Persistence::kKeepAlive:
      return "";
    case Persistence::kKeepAliveExplicit:
      return "Connection: keep-alive\r\n";
    case Persistence::kClose:
      return "Connection: close\r\n";
  }
  return "";
}

char* Put(char* to, std::string_view text) {
  return std::copy(text.begin(), text.end(), to);  // memcpy() would refuse a null view.
}

char* PutNumber(char* to, std::size_t number) { return std::to_chars(to, to + 20, number).ptr; }

}  // namespace

void ResponseWriter::Append(const Response& response, BodyPart body, Persistence persistence,
                            WallTime now, Buffer* out) {
  const auto date = std::chrono::floor<std::chrono::seconds>(now);
  if (date != date_) SetDate(date);
  char* const start = out->Reserve(kFixedBytesMax + response.content_type.size() +
                                   response.extra_headers.size() + response.body.size());
  char* to = start;
  if (response.status == 200 && response.content_type == kJsonContentType) {
    to = PutNumber(Put(to, json_prefix_), response.body.size());
    to = Put(to, "\r\n");
  } else {
    to = PutNumber(Put(to, "HTTP/1.1 "), static_cast<std::size_t>(response.status));
    to = Put(Put(to, " "), ReasonOf(response.status));
    to = Put(Put(to, "\r\n"), date_line_);
    if (HasContent(response.status)) {
      to = Put(Put(Put(to, "Content-Type: "), response.content_type), "\r\nContent-Length: ");
      to = Put(PutNumber(to, response.body.size()), "\r\n");
    }
  }
  to = Put(Put(Put(to, response.extra_headers), ConnectionLine(persistence)), "\r\n");
  if (body == BodyPart::kSent && HasContent(response.status)) to = Put(to, response.body);
  out->Commit(static_cast<std::size_t>(to - start));
}

void ResponseWriter::AppendStreamHead(const Response& response, StreamFraming framing,
                                      std::optional<std::size_t> length, Persistence persistence,
                                      WallTime now, Buffer* out) {
  const auto date = std::chrono::floor<std::chrono::seconds>(now);
  if (date != date_) SetDate(date);
  std::string framing_line;
  if (framing == StreamFraming::kChunked) framing_line = "Transfer-Encoding: chunked\r\n";
  if (length) framing_line = fmt::format("Content-Length: {}\r\n", *length);
  out->Append(fmt::format("HTTP/1.1 {} {}\r\n{}Content-Type: {}\r\n{}{}{}\r\n", response.status,
                          ReasonOf(response.status), date_line_, response.content_type,
                          framing_line, response.extra_headers, ConnectionLine(persistence)));
}

void ResponseWriter::SetDate(std::chrono::sys_seconds date) {
  date_ = date;
  date_line_.assign("Date: ");
  AppendHttpDate(date, &date_line_);
  date_line_.append("\r\n");
  json_prefix_.assign("HTTP/1.1 200 OK\r\n").append(date_line_).append("Content-Type: ");
  json_prefix_.append(kJsonContentType).append("\r\nContent-Length: ");
}

void AppendHttpDate(std::chrono::sys_seconds time, std::string* out) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  fmt::format_to(std::back_inserter(*out), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                 kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                 kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace chaac
