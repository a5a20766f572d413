// The fields of one report: what each accepts, and the sentence for everything else.
#include "report/report_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "report/decoder_testing.h"

namespace chaac {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReportReaderTest : public testing::Test, protected DecoderFixture {
 protected:
  // The one report in `body`, which must be accepted.
  Report Accept(std::string_view body) {
    const Result<void> decoded = Decode(body);
    EXPECT_TRUE(decoded) << body << ": " << decoded.error().detail;
    return decoded ? out.reports.at(0) : Report{};
  }

  Error Refuse(std::string_view body) {
    const Result<void> decoded = Decode(body);
    EXPECT_FALSE(decoded) << body;
    EXPECT_THAT(out.reports, IsEmpty());
    return decoded ? Error{} : decoded.error();
  }

  // A report whose `field` holds `value`, a JSON text; complete otherwise.
  static std::string With(std::string_view field, std::string_view value) {
    std::string body = "{\"" + std::string(field) + "\":" + std::string(value);
    if (field != "municipality") body += R"(,"municipality":"mixco")";
    if (field != "temperature") body += R"(,"temperature":20)";
    return body + "}";
  }
};

TEST_F(ReportReaderTest, ReadsAWholeReport) {
  const Report report =
      Accept(R"({"municipality":"chinautla","temperature":25,"humidity":60,"weather":"sunny"})");
  EXPECT_EQ(municipalities.Slug(report.municipality), "chinautla");
  EXPECT_EQ(report.temperature_celsius, 25);
  EXPECT_EQ(report.humidity_percent, 60);
  EXPECT_EQ(conditions.slugs()[report.condition], "sunny");
  EXPECT_EQ(report.observed_at_ms, 0);
  EXPECT_EQ(report.client_id, "");
  EXPECT_EQ(report.digest, 0u);
}

TEST_F(ReportReaderTest, OneMeasurementIsEnough) {
  EXPECT_EQ(Accept(R"({"municipality":"mixco","temperature":1})").humidity_percent, std::nullopt);
  EXPECT_EQ(Accept(R"({"municipality":"mixco","humidity":1})").condition, kNoCondition);
  EXPECT_EQ(Accept(R"({"municipality":"mixco","weather":2})").temperature_celsius, std::nullopt);
  EXPECT_EQ(Refuse(R"({"municipality":"mixco","id":"a"})").detail,
            "at least one of temperature, humidity and weather must be given");
  EXPECT_EQ(Refuse(R"({"temperature":1})").detail, "municipality is missing");
  EXPECT_EQ(Refuse("{}").code, ErrorCode::kInvalidReport);
}

TEST_F(ReportReaderTest, ReadsIntegersOfTheOriginalEnums) {
  const Report report = Accept(R"({"municipality":4,"weather":3})");
  EXPECT_EQ(municipalities.Slug(report.municipality), "chinautla");
  EXPECT_EQ(conditions.slugs()[report.condition], "rainy");
  EXPECT_EQ(Refuse(With("municipality", "5")).code, ErrorCode::kUnknownMunicipality);
  EXPECT_EQ(Refuse(With("weather", "0")).code, ErrorCode::kUnknownCondition);
}

TEST_F(ReportReaderTest, IgnoresUnknownFields) {
  const Report report =
      Accept(R"({"station":{"id":[1,{"a":null,"a":null}]},"municipality":"mixco","Humidity":"x",
                 "temperature":1.5,"":0,"weather_code":true})");
  EXPECT_EQ(report.temperature_celsius, 1.5);
  EXPECT_EQ(report.humidity_percent, std::nullopt);
}

TEST_F(ReportReaderTest, KeysCountUnescaped) {
  EXPECT_EQ(Accept(R"({"\u006dunicipality":"mixco","temperature":1})").temperature_celsius, 1);
}

TEST_F(ReportReaderTest, RefusesRepeatedKeys) {
  for (const std::string_view body :
       {R"({"municipality":"mixco","temperature":1,"municipality":"mixco"})",
        R"({"municipality":"mixco","temperature":1,"temperature":1})",
        R"({"municipality":"mixco","temperature":1,"t\u0065mperature":1})",
        R"({"municipality":"mixco","temperature":1,"x":1,"y":2,"x":1})"}) {
    EXPECT_EQ(Refuse(body).code, ErrorCode::kMalformedJson) << body;
  }
  EXPECT_EQ(Refuse(R"({"humidity":1,"humidity":2})").detail, "the key \"humidity\" is given twice");
}

TEST_F(ReportReaderTest, BoundsTheFields) {
  std::string body = R"({"municipality":"mixco","temperature":1)";
  for (int i = 2; i < 64; ++i) body += ",\"x" + std::to_string(i) + "\":0";
  EXPECT_EQ(Accept(body + "}").temperature_celsius, 1);
  const Error error = Refuse(body + ",\"humidity\":1}");
  EXPECT_EQ(error.code, ErrorCode::kInvalidReport);
  EXPECT_EQ(error.detail, "a report has at most 64 fields");
}

TEST_F(ReportReaderTest, NamesTheFieldAndTheKindOfAWrongValue) {
  const std::vector<std::pair<std::string_view, std::string_view>> wanted = {
      {"temperature", "a number such as 21.5"},
      {"humidity", "a number such as 21.5"},
      {"weather", "a string such as \"sunny\", or an integer 1..4"},
      {"municipality", "a string such as \"chinautla\", or an integer 1..4"},
      {"id", "a string"},
      {"observed_at", "a string such as \"2026-07-01T12:30:00-06:00\""},
  };
  const std::vector<std::pair<std::string_view, std::string_view>> kinds = {
      {"\"25\"", "a string"},
      {"null", "null"},
      {"[25]", "an array"},
      {"{\"a\":1}", "an object"},
      {"true", "a boolean"},
      {"1.5", "a number"},
      {"18446744073709551615", "a number"}};
  for (const auto& [field, kind_wanted] : wanted) {
    for (const auto& [value, kind] : kinds) {
      if (kind_wanted.starts_with(kind)) continue;
      const Error error = Refuse(With(field, value));
      EXPECT_EQ(error.code, ErrorCode::kInvalidReport) << error.detail;
      EXPECT_EQ(error.detail, std::string(field) + " must be " + std::string(kind_wanted) +
                                  ", not " + std::string(kind));
    }
  }
}

TEST_F(ReportReaderTest, AcceptsTheWholeRangeAndNothingBeyond) {
  for (const std::string_view value : {"-90", "60", "-90.0", "6e1", "0", "59.999999999999"}) {
    (void)Accept(With("temperature", value));
  }
  for (const std::string_view value : {"0", "100", "1e2", "99.99", "1e-300"}) {
    (void)Accept(With("humidity", value));
  }
  for (const std::string_view value : {"-90.00000000000001", "60.00000000000001", "1e308", "-1e308",
                                       "18446744073709551615", "-9223372036854775808"}) {
    const Error error = Refuse(With("temperature", value));
    EXPECT_EQ(error.code, ErrorCode::kOutOfRange) << value;
    EXPECT_THAT(error.allowed, ElementsAre("-90..60"));
  }
  for (const std::string_view value : {"-1", "-1e-300", "100.00000000000001", "101"}) {
    const Error error = Refuse(With("humidity", value));
    EXPECT_EQ(error.code, ErrorCode::kOutOfRange) << value;
    EXPECT_THAT(error.allowed, ElementsAre("0..100"));
  }
  EXPECT_EQ(Refuse(With("temperature", "75.5")).detail,
            "temperature 75.5 is out of range; -90..60 °C is allowed");
  EXPECT_EQ(Refuse(With("humidity", "-3")).detail,
            "humidity -3 is out of range; 0..100 % is allowed");
}

TEST_F(ReportReaderTest, ThereIsOneZero) {
  for (const std::string_view value : {"-0", "-0.0", "-0e5", "-1e-999"}) {
    EXPECT_FALSE(std::signbit(*Accept(With("temperature", value)).temperature_celsius)) << value;
    EXPECT_FALSE(std::signbit(*Accept(With("humidity", value)).humidity_percent)) << value;
  }
}

TEST_F(ReportReaderTest, PassesOnWhatTheCataloguesSay) {
  EXPECT_EQ(Refuse(With("municipality", "\"Chinaulta\"")).allowed.front(), "chinautla");
  EXPECT_EQ(Refuse(With("municipality", "\"San José\"")).code, ErrorCode::kAmbiguousMunicipality);
  EXPECT_EQ(Refuse(With("municipality", "\"\"")).code, ErrorCode::kUnknownMunicipality);
  EXPECT_EQ(Refuse(With("municipality", R"("mixco\u0000")")).code, ErrorCode::kUnknownMunicipality);
  EXPECT_EQ(Refuse(With("weather", "\"hail\"")).allowed, conditions.slugs());
}

TEST_F(ReportReaderTest, ReadsTheObservationTimeWithinItsWindow) {
  EXPECT_EQ(Accept(With("observed_at", "\"2026-07-01T12:30:00.25-06:00\"")).observed_at_ms,
            now.time_since_epoch().count() + 250);
  for (const std::string_view value : {"\"2026-06-30T18:30:00Z\"", "\"2026-07-01T18:35:00Z\""}) {
    (void)Accept(With("observed_at", value));
  }
  const Error old = Refuse(With("observed_at", "\"2026-06-30T18:29:59.999Z\""));
  EXPECT_EQ(old.code, ErrorCode::kObservedAtOutOfWindow);
  EXPECT_EQ(
      old.detail,
      "observed_at \"2026-06-30T18:29:59.999Z\" is too old to tell a repeat from a new report; "
      "2026-06-30T18:30:00Z..2026-07-01T18:35:00Z is allowed now");
  EXPECT_THAT(old.allowed, ElementsAre("2026-06-30T18:30:00Z..2026-07-01T18:35:00Z"));
  const Error future = Refuse(With("observed_at", "\"2026-07-01T18:35:00.001Z\""));
  EXPECT_EQ(future.code, ErrorCode::kObservedAtOutOfWindow);
  EXPECT_THAT(future.detail, HasSubstr("is in the future"));
  for (const std::string_view value : {"\"0000-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59Z\""}) {
    EXPECT_EQ(Refuse(With("observed_at", value)).code, ErrorCode::kObservedAtOutOfWindow);
  }
  const Error malformed = Refuse(With("observed_at", "\"2026-07-01 12:30\""));
  EXPECT_EQ(malformed.code, ErrorCode::kInvalidReport);
  EXPECT_EQ(malformed.detail,
            "observed_at \"2026-07-01 12:30\" is not an RFC 3339 time such as "
            "2026-07-01T12:30:00-06:00");
}

TEST_F(ReportReaderTest, ChecksTheClientId) {
  EXPECT_EQ(Accept(With("id", "\"station-7/2026\"")).client_id, "station-7/2026");
  for (const std::string_view value :
       {"\"\"", "\"a b\"", R"("a\"b")", R"("a\u0000b")", "\"é\"", "\"tweet-1\""}) {
    EXPECT_EQ(Refuse(With("id", value)).code, ErrorCode::kInvalidId) << value;
  }
  (void)Accept(With("id", '"' + std::string(128, 'x') + '"'));
  EXPECT_EQ(Refuse(With("id", '"' + std::string(129, 'x') + '"')).code, ErrorCode::kInvalidId);
}

TEST(OpenModeTest, ARefusedReportAddsNoMunicipality) {
  const Conditions conditions(Conditions::DefaultSlugs());
  Municipalities open = Municipalities::Open(10);
  Decoder decoder(&open, &conditions, {});
  Decoded out;
  for (const std::string_view fields :
       {R"("temperature":99)", R"("weather":"hail")", R"("weather":1,"id":"a b")",
        R"("weather":1,"observed_at":"2020-01-01T00:00:00Z")"}) {
    std::string body = R"({"municipality":"Tikal",)" + std::string(fields) + "}";
    body.reserve(body.size() + kBodyPaddingBytes);
    EXPECT_FALSE(decoder.Decode(body, BodyFormat::kJson, "", WallTime{}, &out)) << body;
  }
  EXPECT_EQ(open.size(), 0);
}

constexpr std::array<std::string_view, 6> kSpaces = {"", "", " ", "\n\t", "\r\n", "   "};
constexpr std::string_view kHex = "0123456789abcdef";

// The same report, spelt at random: order of the fields, white space, forms of numbers, escapes,
// unknown fields.
class Speller {
 public:
  explicit Speller(unsigned seed) : random_(seed) {}

  std::size_t Pick(std::size_t count) { return random_() % count; }

  std::string Space() { return std::string(kSpaces[Pick(kSpaces.size())]); }

  // A number with two decimals.
  std::string Number(int hundredths) {
    const std::string sign = hundredths < 0 ? "-" : "";
    const int size = std::abs(hundredths);
    const std::string decimals = {static_cast<char>('0' + size / 10 % 10),
                                  static_cast<char>('0' + size % 10)};
    switch (Pick(4)) {
      case 0:
        return sign + std::to_string(size) + "e-2";
      case 1:
        return sign + std::to_string(size) + "00.0E-0004";
      case 2:
        if (size % 100 == 0) return sign + std::to_string(size / 100);
        [[fallthrough]];
      default:
        return sign + std::to_string(size / 100) + "." + decimals + std::string(Pick(3), '0');
    }
  }

  // A string, some of its letters escaped.
  std::string String(std::string_view text) {
    std::string json = "\"";
    for (const char byte : text) {
      if (Pick(8) != 0) {
        json += byte;
        continue;
      }
      json += "\\u00";
      json += kHex[static_cast<std::size_t>(byte) >> 4];
      json += kHex[static_cast<std::size_t>(byte) & 15];
    }
    return json + '"';
  }

  std::string Object(std::vector<std::pair<std::string, std::string>> fields) {
    fields.emplace_back("x" + std::to_string(Pick(100)), R"({"deep":[null,{"er":"\n"}]})");
    std::shuffle(fields.begin(), fields.end(), random_);
    std::string json = Space() + "{";
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i != 0) json += ",";
      json +=
          Space() + String(fields[i].first) + Space() + ":" + Space() + fields[i].second + Space();
    }
    return json + "}" + Space();
  }

 private:
  std::mt19937 random_;
};

TEST_F(ReportReaderTest, EverySpellingOfAReportReadsTheSame) {
  Speller speller(1);
  for (int i = 0; i < 5'000; ++i) {
    const int temperature = static_cast<int>(speller.Pick(15'001)) - 9'000;
    const int humidity = static_cast<int>(speller.Pick(10'001));
    const std::size_t condition = speller.Pick(conditions.slugs().size());
    const std::vector<std::pair<std::string, std::string>> fields = {
        {"municipality", speller.String("mixco")},
        {"temperature", speller.Number(temperature)},
        {"humidity", speller.Number(humidity)},
        {"weather", speller.String(conditions.slugs()[condition])},
        {"id", speller.String("a#1")},
    };
    const std::string body = speller.Object(fields);
    SCOPED_TRACE(body);
    const Report report = Accept(body);
    ASSERT_EQ(municipalities.Slug(report.municipality), "mixco");
    ASSERT_EQ(report.temperature_celsius, temperature / 100.0);
    ASSERT_EQ(report.humidity_percent, humidity / 100.0);
    ASSERT_EQ(report.condition, condition);
    ASSERT_EQ(report.client_id, "a#1");
    const std::uint64_t digest = report.digest;
    ASSERT_EQ(Accept(speller.Object(fields)).digest, digest);
  }
}

}  // namespace
}  // namespace chaac
