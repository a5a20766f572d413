// RESP2, the store's protocol: appending commands to a buffer, and reading replies (hiredis'
// reader). Functions are pure; a ReplyReader belongs to one connection and is not thread-safe.
#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace chaac {

// Appends the header of an array of `count` elements: the start of a command.
void AppendArrayHeader(std::size_t count, std::string* out);

// Appends the header of an argument of `bytes` bytes; they and CRLF must follow.
void AppendBulkHeader(std::size_t bytes, std::string* out);

// Appends one argument.
void AppendBulk(std::string_view value, std::string* out);
void AppendBulk(std::int64_t value, std::string* out);

// Appends a whole command.
void AppendCommand(std::initializer_list<std::string_view> arguments, std::string* out);

struct ReplyDeleter {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using ReplyPtr = std::unique_ptr<redisReply, ReplyDeleter>;

inline std::string_view TextOf(const redisReply& reply) {
  return reply.str == nullptr ? std::string_view() : std::string_view(reply.str, reply.len);
}
inline bool IsError(const redisReply& reply) { return reply.type == REDIS_REPLY_ERROR; }

// The elements of an array reply, or none.
inline std::size_t SizeOf(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ARRAY ? reply.elements : 0;
}
// REQUIRES: i < SizeOf(reply).
inline const redisReply& ElementOf(const redisReply& reply, std::size_t i) {
  return *reply.element[i];
}

// The reply as the store sent it, for keeping it: integers, texts, statuses, errors, nil and
// arrays.
void AppendReply(const redisReply& reply, std::string* out);

// Cuts a stream of bytes into replies.
class ReplyReader {
 public:
  ReplyReader();

  void Feed(std::string_view bytes);

  enum class Status : std::uint8_t { kReply, kNeedMore, kProtocolError };
  // On kReply, `reply` holds the next one. After kProtocolError the connection is of no more use.
  [[nodiscard]] Status Next(ReplyPtr* reply);

 private:
  struct ReaderDeleter {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };
  std::unique_ptr<redisReader, ReaderDeleter> reader_;
};

}  // namespace chaac
