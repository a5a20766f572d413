// ReplyWriter: appends replies in RESP2, as Valkey writes them, to a buffer. Stateless besides the
// pointer; not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chaac {

class ReplyWriter {
 public:
  // `out` outlives the writer.
  explicit ReplyWriter(std::string* out) : out_(out) {}

  void Ok() { Status("OK"); }
  void Status(std::string_view text);  // Line ends become spaces.
  // `text` opens with its code: "ERR syntax error". Line ends become spaces.
  void Error(std::string_view text);
  void Integer(std::int64_t value);
  void Bulk(std::string_view value);
  void Null() { out_->append("$-1\r\n"); }
  void NullArray() { out_->append("*-1\r\n"); }
  void Array(std::size_t elements);  // The elements must follow.

 private:
  void Header(char type, std::int64_t value);
  void Line(char type, std::string_view text);

  std::string* out_;
};

// Where the first reply in `bytes` ends, or npos when it is not complete.
std::size_t EndOfReply(std::string_view bytes);

}  // namespace chaac
