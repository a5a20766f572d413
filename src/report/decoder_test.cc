// Bodies: one report, arrays, NDJSON; their limits; client ids within a request.
#include "report/decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "report/decoder_testing.h"
#include "report/digest.h"

namespace chaac {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::string_view kReport = R"({"municipality":"mixco","temperature":20})";

std::string Row(std::string_view id, int temperature) {
  return R"({"municipality":"mixco","id":")" + std::string(id) + R"(","temperature":)" +
         std::to_string(temperature) + "}";
}

// `count` times kReport, `begin` before, `between` them, and `end` behind.
std::string Repeated(std::size_t count, std::string_view begin, std::string_view between,
                     std::string_view end) {
  std::string body(begin);
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) body += between;
    body += kReport;
  }
  return body.append(end);
}

std::string Nested(std::size_t levels) {
  return R"({"municipality":"mixco","temperature":20,"x":)" + std::string(levels, '[') + '1' +
         std::string(levels, ']') + "}";
}

class DecoderTest : public testing::Test, protected DecoderFixture {
 protected:
  explicit DecoderTest(DecoderLimits limits = {}) : DecoderFixture(limits) {}

  Error Refuse(std::string_view body, BodyFormat format = BodyFormat::kJson,
               std::string_view key = {}) {
    const Result<void> decoded = Decode(body, format, key);
    EXPECT_FALSE(decoded) << body.substr(0, 100);
    EXPECT_THAT(out.reports, IsEmpty());
    EXPECT_THAT(out.rejections, IsEmpty());
    return decoded ? Error{} : decoded.error();
  }

  std::vector<std::string_view> Ids() const {
    std::vector<std::string_view> ids;
    for (const Report& report : out.reports) ids.push_back(report.client_id);
    return ids;
  }
};

TEST_F(DecoderTest, AnObjectIsOneReport) {
  ASSERT_TRUE(Decode(kReport));
  EXPECT_FALSE(out.is_batch);
  EXPECT_EQ(out.reports.size(), 1);
  EXPECT_THAT(out.row_index, ElementsAre(0));
  EXPECT_THAT(out.rejections, IsEmpty());
}

TEST_F(DecoderTest, AnArrayIsABatch) {
  ASSERT_TRUE(Decode(" [ " + std::string(kReport) + R"(, 7, [], "x", {"municipality":"mixco"},)" +
                     std::string(kReport) + "] "));
  EXPECT_TRUE(out.is_batch);
  EXPECT_EQ(out.reports.size(), 2);
  EXPECT_THAT(out.row_index, ElementsAre(0, 5));
  ASSERT_EQ(out.rejections.size(), 4);
  EXPECT_EQ(out.rejections[0].index, 1);
  EXPECT_EQ(out.rejections[0].error.code, ErrorCode::kInvalidReport);
  EXPECT_EQ(out.rejections[0].error.detail, "a report must be an object, not a number");
  EXPECT_EQ(out.rejections[1].error.detail, "a report must be an object, not an array");
  EXPECT_EQ(out.rejections[2].error.detail, "a report must be an object, not a string");
  EXPECT_EQ(out.rejections[3].index, 4);
}

TEST_F(DecoderTest, NdjsonIsABatchWhoseLinesStandAlone) {
  const std::string row(kReport);
  ASSERT_TRUE(Decode("\n" + row + "\r\n  \t\n{\"municipality\":\n" + row + "\n[" + row +
                         "]\n{\"a\":\"\xFF\"}\n\xEF\xBB\xBF" + row + "\n" + row + row + "\n\r\n" +
                         row,
                     BodyFormat::kNdjson));
  EXPECT_TRUE(out.is_batch);
  EXPECT_THAT(out.row_index, ElementsAre(0, 2, 7));
  ASSERT_EQ(out.rejections.size(), 5);
  EXPECT_EQ(out.rejections[0].index, 1);
  EXPECT_EQ(out.rejections[0].error.code, ErrorCode::kMalformedJson);
  EXPECT_THAT(out.rejections[0].error.detail, StartsWith("the text ends before"));
  EXPECT_EQ(out.rejections[1].error.detail, "a report must be an object, not an array");
  EXPECT_THAT(out.rejections[2].error.detail, HasSubstr("UTF-8"));
  EXPECT_THAT(out.rejections[3].error.detail, HasSubstr("byte order mark"));
  EXPECT_THAT(out.rejections[4].error.detail, StartsWith("there is more text"));
  EXPECT_EQ(out.rejections[4].index, 6);
}

TEST_F(DecoderTest, OneLineOfNdjsonIsABatchToo) {
  ASSERT_TRUE(Decode(kReport, BodyFormat::kNdjson));
  EXPECT_TRUE(out.is_batch);
  EXPECT_EQ(out.reports.size(), 1);
}

TEST_F(DecoderTest, RefusesWhatCannotBeReadAsAWhole) {
  for (const std::string_view body :
       {"", " \n", "{", "[", R"({"municipality":"mixco","temperature":NaN})",
        R"({"municipality":"mixco","temperature":1e999})", R"([{"municipality":"mixco"},{"a"}])",
        R"({"municipality":"mixco","temperature":20,"x":01})",
        "{\"municipality\":\"mixco\",\"temperature\":20,\"x\":\"\xFF\"}", "\xEF\xBB\xBF{}",
        "{}{}"}) {
    EXPECT_EQ(Refuse(body).code, ErrorCode::kMalformedJson) << body;
  }
  EXPECT_EQ(Refuse("7").detail, "a report must be an object, not a number");
  EXPECT_EQ(Refuse("null").code, ErrorCode::kInvalidReport);
}

TEST_F(DecoderTest, RefusesABatchWithoutRows) {
  for (const std::string_view body : {"[]", " [ ] "}) {
    EXPECT_EQ(Refuse(body).detail, "the batch has no rows; at least one is expected");
  }
  for (const std::string_view body : {"", "\n\n", " \r\n\t"}) {
    EXPECT_EQ(Refuse(body, BodyFormat::kNdjson).code, ErrorCode::kInvalidReport);
  }
}

TEST_F(DecoderTest, BoundsTheDepth) {
  EXPECT_TRUE(Decode(Nested(7)));  // The object is the first of 8.
  EXPECT_THAT(Refuse(Nested(8)).detail, HasSubstr("deeper than 8 levels"));
  EXPECT_EQ(Refuse(std::string(100'000, '[')).code, ErrorCode::kMalformedJson);
  EXPECT_TRUE(Decode("[" + Nested(6) + "]"));
  EXPECT_THAT(Refuse("[" + Nested(7) + "]").detail, HasSubstr("deeper than 8 levels"));
}

TEST_F(DecoderTest, BoundsOneReport) {
  const std::size_t bytes_max = DecoderLimits{}.report_bytes_max;
  const auto padded = [](std::size_t bytes) {
    return std::string(kReport) + std::string(bytes - kReport.size(), ' ');
  };
  EXPECT_TRUE(Decode(padded(bytes_max)));
  const Error error = Refuse(padded(bytes_max + 1));
  EXPECT_EQ(error.code, ErrorCode::kBodyTooLarge);
  EXPECT_EQ(error.detail, "a report of 65537 bytes is too large; 65536 are allowed");

  ASSERT_TRUE(Decode(padded(bytes_max) + "\n" + padded(bytes_max + 1) + "\n" + padded(100),
                     BodyFormat::kNdjson));
  EXPECT_THAT(out.row_index, ElementsAre(0, 2));
  EXPECT_EQ(out.rejections.at(0).error.code, ErrorCode::kBodyTooLarge);
}

TEST_F(DecoderTest, BoundsEachRowOfAnArray) {
  const std::size_t bytes_max = DecoderLimits{}.report_bytes_max;
  // Brackets, commas and quotes within strings end no row.
  const std::string note = R"(,"note":"}],{[\\\"","x":[[{}],","],)";
  const auto row = [&](std::size_t bytes) {
    const std::string start = std::string(kReport.substr(0, kReport.size() - 1)) + note;
    return start + "\"y\":\"" + std::string(bytes - start.size() - 7, 'y') + "\"}";
  };
  ASSERT_EQ(row(bytes_max).size(), bytes_max);
  const std::string blanks(1000, ' ');
  ASSERT_TRUE(Decode("\n[\t" + row(bytes_max) + blanks + "," + row(bytes_max + 1) + "," + blanks +
                     row(bytes_max) + ", 7 ," + row(bytes_max + 2) + blanks + "]"));
  EXPECT_THAT(out.row_index, ElementsAre(0, 2));
  ASSERT_EQ(out.rejections.size(), 3);
  EXPECT_EQ(out.rejections[0].index, 1);
  EXPECT_EQ(out.rejections[0].error.code, ErrorCode::kBodyTooLarge);
  EXPECT_EQ(out.rejections[0].error.detail,
            "a report of 65537 bytes is too large; 65536 are allowed");
  EXPECT_EQ(out.rejections[1].error.code, ErrorCode::kInvalidReport);
  EXPECT_EQ(out.rejections[2].error.detail,
            "a report of 65538 bytes is too large; 65536 are allowed");
}

TEST_F(DecoderTest, BoundsTheRows) {
  EXPECT_TRUE(Decode(Repeated(10'000, "[", ",", "]")));
  EXPECT_EQ(out.reports.size(), 10'000);
  EXPECT_EQ(Refuse(Repeated(10'001, "[", ",", "]")).code, ErrorCode::kTooManyRows);
  EXPECT_TRUE(Decode(Repeated(10'000, "", "\n\n", "\n\n"), BodyFormat::kNdjson));
  EXPECT_EQ(out.reports.size(), 10'000);
  const Error error = Refuse(Repeated(10'001, "", "\n", ""), BodyFormat::kNdjson);
  EXPECT_EQ(error.code, ErrorCode::kTooManyRows);
  EXPECT_EQ(error.detail, "the batch has more than 10000 rows; send it in parts");
}

TEST_F(DecoderTest, ReadsAnArrayLargerThanTheMemoryItKeeps) {
  const std::string large = Repeated(9'000, "[", "," + std::string(100, ' '), "]");
  ASSERT_GT(large.size(), 1'000'000);
  ASSERT_TRUE(Decode(large));
  EXPECT_EQ(out.reports.size(), 9'000);
  EXPECT_EQ(Refuse(large.substr(0, large.size() - 1)).code, ErrorCode::kMalformedJson);
}

TEST_F(DecoderTest, ForgetsTheRequestBefore) {
  ASSERT_TRUE(Decode("[" + Row("a", 1) + "," + Row("a", 1) + ",7]"));
  EXPECT_EQ(out.repeats.size(), 1U);
  ASSERT_TRUE(Decode(Row("b", 1)));
  EXPECT_FALSE(out.is_batch);
  EXPECT_THAT(Ids(), ElementsAre("b"));
  EXPECT_EQ(out.repeats.size(), 0U);
  EXPECT_THAT(out.rejections, IsEmpty());
  ASSERT_TRUE(Decode("[" + Row("a", 2) + "]"));  // No conflict with the first request.
  EXPECT_THAT(Ids(), ElementsAre("a"));
  Refuse("[");
  EXPECT_FALSE(out.is_batch);
}

TEST_F(DecoderTest, TheKeyIsTheIdOfAReportWithoutOne) {
  ASSERT_TRUE(Decode(kReport, BodyFormat::kJson, "key-1"));
  EXPECT_THAT(Ids(), ElementsAre("key-1"));
  EXPECT_EQ(out.reports[0].digest, DigestOf(out.reports[0], "mixco", ""));
  ASSERT_TRUE(Decode(Row("mine", 20), BodyFormat::kJson, "key-1"));
  EXPECT_THAT(Ids(), ElementsAre("mine"));
  ASSERT_TRUE(Decode(kReport));
  EXPECT_THAT(Ids(), ElementsAre(""));
}

TEST_F(DecoderTest, InABatchTheKeyCarriesTheRow) {
  const std::string row(kReport);
  ASSERT_TRUE(Decode("[" + row + ",7," + Row("mine", 1) + "," + row + "]", BodyFormat::kJson, "k"));
  EXPECT_THAT(Ids(), ElementsAre("k#0", "mine", "k#3"));
  ASSERT_TRUE(Decode("\n\n" + row + "\n{}\n" + row, BodyFormat::kNdjson, "k"));
  EXPECT_THAT(Ids(), ElementsAre("k#0", "k#2"));
}

TEST_F(DecoderTest, TheKeyMayBeQuoted) {
  ASSERT_TRUE(Decode(kReport, BodyFormat::kJson, "\"key-1\""));
  EXPECT_THAT(Ids(), ElementsAre("key-1"));
  for (const std::string_view key : {"\"", "\"\"", "\"a", "a\"", R"("a"b")"}) {
    EXPECT_EQ(Refuse(kReport, BodyFormat::kJson, key).code, ErrorCode::kInvalidId) << key;
  }
}

TEST_F(DecoderTest, RefusesAKeyThatMayNotBeAnId) {
  for (const std::string_view key : {"a b", "tweet-1", "\xC3\xA9", " "}) {
    const Error error = Refuse(kReport, BodyFormat::kJson, key);
    EXPECT_EQ(error.code, ErrorCode::kInvalidId);
    EXPECT_THAT(error.detail, StartsWith("Idempotency-Key "));
    EXPECT_EQ(Refuse(kReport, BodyFormat::kNdjson, key).code, ErrorCode::kInvalidId);
  }
}

TEST_F(DecoderTest, AKeyLeavesRoomForTheRow) {
  const std::string single(128, 'k');
  EXPECT_TRUE(Decode(kReport, BodyFormat::kJson, single));
  EXPECT_EQ(Refuse(kReport, BodyFormat::kJson, single + "k").code, ErrorCode::kInvalidId);

  const std::string batch(128 - std::string_view("#10000").size(), 'k');
  const std::string rows = Repeated(10'000, "", "\n", "");
  ASSERT_TRUE(Decode(rows, BodyFormat::kNdjson, batch));
  EXPECT_EQ(out.reports.back().client_id, batch + "#9999");
  EXPECT_EQ(out.reports.front().client_id, batch + "#0");
  EXPECT_EQ(Refuse(rows, BodyFormat::kNdjson, batch + "k").detail,
            "Idempotency-Key has 123 characters; 1 to 122 are allowed");
}

TEST_F(DecoderTest, EqualRowsUnderOneIdCountOnce) {
  ASSERT_TRUE(Decode("[" + Row("a", 1) + "," + Row("b", 1) + "," + Row("a", 1) + "," + Row("a", 1) +
                     "," + Row("c", 1) + "]"));
  EXPECT_THAT(Ids(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(out.row_index, ElementsAre(0, 1, 4));
  EXPECT_EQ(out.repeats.size(), 2U);
  EXPECT_THAT(out.rejections, IsEmpty());
}

TEST_F(DecoderTest, DifferentRowsUnderOneIdConflict) {
  ASSERT_TRUE(
      Decode("{}\n" + Row("a", 1) + "\n" + Row("b", 1) + "\n" + Row("a", 2) + "\n" + Row("a", 1),
             BodyFormat::kNdjson));
  EXPECT_THAT(Ids(), ElementsAre("a", "b"));
  EXPECT_EQ(out.repeats.size(), 1U);
  ASSERT_EQ(out.rejections.size(), 2);
  EXPECT_EQ(out.rejections[1].index, 3);
  EXPECT_EQ(out.rejections[1].error.code, ErrorCode::kIdConflict);
  EXPECT_EQ(out.rejections[1].error.detail, "id \"a\" names another report in row 1");
}

TEST_F(DecoderTest, ARowMayCollideWithAnotherRowsKey) {
  ASSERT_TRUE(
      Decode("[" + Row("k#1", 1) + "," + std::string(kReport) + "]", BodyFormat::kJson, "k"));
  EXPECT_THAT(Ids(), ElementsAre("k#1"));
  EXPECT_EQ(out.rejections.at(0).error.code, ErrorCode::kIdConflict);
}

TEST_F(DecoderTest, NamesTheNearestForTheFirstHundredRejectionsOnly) {
  std::string body;
  for (int i = 0; i < 101; ++i) body += "{\"municipality\":\"mixcoo\",\"weather\":1}\n";
  ASSERT_TRUE(Decode(body, BodyFormat::kNdjson));
  ASSERT_EQ(out.rejections.size(), 101);
  EXPECT_THAT(out.rejections[99].error.detail, HasSubstr("mixco, "));
  EXPECT_EQ(out.rejections[100].error.detail, "municipality \"mixcoo\" is unknown");
  EXPECT_THAT(out.rejections[100].error.allowed, IsEmpty());
}

TEST_F(DecoderTest, KeepsWhatIsAllowedForTheFirstRejectionAlone) {
  ASSERT_TRUE(Decode(R"([7,{"municipality":"mixcoo","weather":1}])"));
  EXPECT_THAT(out.rejections.at(1).error.allowed, IsEmpty());
  ASSERT_TRUE(
      Decode(R"([{"municipality":"mixcoo","weather":1},{"municipality":1,"weather":"x"}])"));
  EXPECT_EQ(out.rejections.at(0).error.allowed.front(), "mixco");
  EXPECT_THAT(out.rejections.at(1).error.allowed, IsEmpty());
  EXPECT_THAT(out.rejections.at(1).error.detail, HasSubstr("sunny"));
}

TEST_F(DecoderTest, ARefusedRowClaimsNoId) {
  ASSERT_TRUE(Decode("[" + Row("a", 99) + "," + Row("a", 1) + "]"));
  EXPECT_THAT(Ids(), ElementsAre("a"));
  EXPECT_THAT(out.row_index, ElementsAre(1));
}

TEST_F(DecoderTest, IdsOfTheLongestBatchStayValid) {
  std::string body;
  std::vector<std::string> ids;
  for (int i = 0; i < 10'000; ++i) {
    std::string id = std::to_string(i);
    id += std::string(128 - id.size(), 'x');
    body += Row(id, 1) + "\n";
    ids.push_back(std::move(id));
  }
  ASSERT_TRUE(Decode(body, BodyFormat::kNdjson));
  EXPECT_THAT(Ids(), testing::ElementsAreArray(ids));
}

class SmallDecoderTest : public DecoderTest {
 protected:
  SmallDecoderTest()
      : DecoderTest({.rows_max = 2,
                     .report_bytes_max = 80,
                     .json_depth_max = 2,
                     .fields_max = 3,
                     .id_bytes_max = 4,
                     .id_window = std::chrono::hours{1},
                     .clock_tolerance = std::chrono::minutes{0}}) {}
};

TEST_F(SmallDecoderTest, EveryLimitIsConfigurable) {
  EXPECT_EQ(Refuse(Repeated(3, "[", ",", "]")).code, ErrorCode::kTooManyRows);
  EXPECT_EQ(Refuse(std::string(kReport) + std::string(80, ' ')).code, ErrorCode::kBodyTooLarge);
  EXPECT_TRUE(Decode(Nested(1)));
  EXPECT_THAT(Refuse(Nested(2)).detail, HasSubstr("deeper than 2 levels"));
  EXPECT_THAT(Refuse(R"({"a":1,"b":2,"c":3,"d":4})").detail, HasSubstr("at most 3 fields"));
  EXPECT_TRUE(Decode(Row("abcd", 1)));
  EXPECT_EQ(Refuse(Row("abcde", 1)).code, ErrorCode::kInvalidId);
  EXPECT_TRUE(Decode("[" + std::string(kReport) + "]", BodyFormat::kJson, "ab"));
  EXPECT_EQ(Refuse(kReport, BodyFormat::kNdjson, "abc").code, ErrorCode::kInvalidId);
  const std::string at = R"({"municipality":1,"weather":1,"observed_at":"2026-07-01T)";
  EXPECT_TRUE(Decode(at + "17:30:00Z\"}"));
  EXPECT_EQ(Refuse(at + "17:29:59Z\"}").code, ErrorCode::kObservedAtOutOfWindow);
  EXPECT_EQ(Refuse(at + "18:30:01Z\"}").code, ErrorCode::kObservedAtOutOfWindow);
}

}  // namespace
}  // namespace chaac
