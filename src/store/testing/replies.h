// Replies as the store's clients see them, made from the bytes that the store sends. For tests.
// Stateless.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "store/resp.h"

namespace chaac {

// The first reply in `bytes`, which must be whole.
inline ReplyPtr ReplyOf(std::string_view bytes) {
  ReplyReader reader;
  reader.Feed(bytes);
  ReplyPtr reply;
  EXPECT_EQ(reader.Next(&reply), ReplyReader::Status::kReply) << bytes;
  return reply;
}

// In words: a status or a text as it is, an array as its elements with spaces between.
inline std::string WordsOf(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_INTEGER) return std::to_string(reply.integer);
  if (reply.type == REDIS_REPLY_NIL) return "nil";
  if (reply.type != REDIS_REPLY_ARRAY) return std::string(TextOf(reply));
  std::string words;
  for (std::size_t i = 0; i < SizeOf(reply); ++i) {
    if (i != 0) words += ' ';
    words += WordsOf(ElementOf(reply, i));
  }
  return words;
}

}  // namespace chaac
