// Decoding in place and apart. What is refused, at every cut: request_reader_test.cc.
#include "http/chunked.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace chaac {
namespace {

using Outcome = ChunkedDecoder::Outcome;

TEST(ChunkedDecoderTest, DecodesInPlaceAndStopsBehindTheBody) {
  std::string bytes = "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\nGET /";
  ChunkedDecoder decoder;
  const auto progress = decoder.Decode(bytes.data(), bytes.size(), bytes.data(), {});
  EXPECT_EQ(progress.outcome, Outcome::kComplete);
  EXPECT_EQ(bytes.substr(0, progress.produced), "hello!");
  EXPECT_EQ(bytes.substr(progress.consumed), "GET /");
}

TEST(ChunkedDecoderTest, GivesEachPieceOfAChunkAsItArrives) {
  ChunkedDecoder decoder;
  std::string out(8, '.');
  EXPECT_EQ(decoder.Decode("4\r\nab", 5, out.data(), {}).produced, 2U);
  const auto progress = decoder.Decode("cd\r\n", 4, out.data() + 2, {});
  EXPECT_EQ(progress.outcome, Outcome::kIncomplete);
  EXPECT_EQ(progress.consumed, 4U);
  EXPECT_EQ(out, "abcd....");
}

TEST(ChunkedDecoderTest, AnEmptyBodyArrivesByteByByte) {
  const std::string bytes = "0\r\n\r\n";
  ChunkedDecoder decoder;
  char out = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto progress = decoder.Decode(bytes.data() + i, 1, &out, {});
    EXPECT_EQ(progress.outcome, i + 1 < bytes.size() ? Outcome::kIncomplete : Outcome::kComplete);
    EXPECT_EQ(progress.produced, 0U);
  }
}

TEST(ChunkedDecoderTest, AnyByteMayBeInAChunk) {
  std::string body(256, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i);
  const std::string bytes = "100\r\n" + body + "\r\n0\r\n\r\n";
  std::string out(bytes.size(), '.');
  ChunkedDecoder decoder;
  const auto progress = decoder.Decode(bytes.data(), bytes.size(), out.data(), {});
  EXPECT_EQ(progress.outcome, Outcome::kComplete);
  EXPECT_EQ(out.substr(0, progress.produced), body);
}

TEST(ChunkedDecoderTest, SaysWhatIsWrong) {
  const auto refusal = [](const std::string& bytes, const HttpLimits& limits = {}) {
    std::string out(bytes.size(), '.');
    ChunkedDecoder decoder;
    const auto progress = decoder.Decode(bytes.data(), bytes.size(), out.data(), limits);
    EXPECT_EQ(progress.outcome, Outcome::kRefused);
    return decoder.Refusal(limits);
  };
  EXPECT_EQ(refusal("g\r\n").code, ErrorCode::kMalformedHttp);
  EXPECT_EQ(refusal("g\r\n").detail, "A chunk size is not 1 to 16 hexadecimal digits.");
  HttpLimits limits;
  limits.body_bytes_max = 4;
  EXPECT_EQ(refusal("5\r\nhello", limits).code, ErrorCode::kBodyTooLarge);
}

}  // namespace
}  // namespace chaac
