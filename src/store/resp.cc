// RESP2 commands out, hiredis replies in.
#include "store/resp.h"

#include <array>
#include <charconv>
#include <new>

namespace chaac {
namespace {

void AppendLength(char prefix, std::uint64_t value, std::string* out) {
  std::array<char, 24> text{};
  text[0] = prefix;
  char* end = std::to_chars(text.data() + 1, text.data() + text.size() - 2, value).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out->append(text.data(), static_cast<std::size_t>(end - text.data()));
}

}  // namespace

void AppendArrayHeader(std::size_t count, std::string* out) { AppendLength('*', count, out); }

void AppendBulkHeader(std::size_t bytes, std::string* out) { AppendLength('$', bytes, out); }

void AppendBulk(std::string_view value, std::string* out) {
  AppendBulkHeader(value.size(), out);
  out->append(value);
  out->append("\r\n");
}

void AppendBulk(std::int64_t value, std::string* out) {
  std::array<char, 24> text{};
  const char* end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  AppendBulk(std::string_view(text.data(), static_cast<std::size_t>(end - text.data())), out);
}

void AppendCommand(std::initializer_list<std::string_view> arguments, std::string* out) {
  AppendArrayHeader(arguments.size(), out);
  for (const std::string_view argument : arguments) AppendBulk(argument, out);
}

void AppendReply(const redisReply& reply, std::string* out) {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      out->append(":").append(std::to_string(reply.integer)).append("\r\n");
      return;
    case REDIS_REPLY_STRING:
      return AppendBulk(TextOf(reply), out);
    case REDIS_REPLY_STATUS:
      out->append("+").append(TextOf(reply)).append("\r\n");
      return;
    case REDIS_REPLY_ERROR:
      out->append("-").append(TextOf(reply)).append("\r\n");
      return;
    case REDIS_REPLY_ARRAY:
      AppendArrayHeader(SizeOf(reply), out);
      for (std::size_t i = 0; i < SizeOf(reply); ++i) AppendReply(ElementOf(reply, i), out);
      return;
    default:
      out->append("$-1\r\n");
  }
}

ReplyReader::ReplyReader() : reader_(redisReaderCreate()) {
  if (reader_ == nullptr) throw std::bad_alloc();
}

void ReplyReader::Feed(std::string_view bytes) {
  // A failure is sticky: the next Next() reports it.
  redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

ReplyReader::Status ReplyReader::Next(ReplyPtr* reply) {
  void* next = nullptr;
  if (redisReaderGetReply(reader_.get(), &next) != REDIS_OK) return Status::kProtocolError;
  if (next == nullptr) return Status::kNeedMore;
  reply->reset(static_cast<redisReply*>(next));
  return Status::kReply;
}

}  // namespace chaac
