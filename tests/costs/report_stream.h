// ReportStream: HTTP requests of one weather report each, as clients send them: values, fractions,
// key order and white space vary as those of bench/post.lua do. The same seed gives the same
// requests on every machine, so what they cost can be compared. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace chaac {

class ReportStream {
 public:
  // What a request carries beside the report's own four fields.
  enum class Extras : std::uint8_t {
    kNone,
    kAll,  // An Idempotency-Key, the time of the observation, and more decimals than one measures.
  };

  // `observed_at`: of Extras::kAll, in RFC 3339.
  explicit ReportStream(std::uint64_t seed, Extras extras = Extras::kNone,
                        std::string observed_at = {})
      : random_(seed), seed_(seed), extras_(extras), observed_at_(std::move(observed_at)) {}

  std::string NextRequest() {
    const std::string body = Body();
    std::string request =
        "POST /api/weather HTTP/1.1\r\nHost: localhost:8081\r\n"
        "Content-Type: application/json\r\n";
    if (extras_ == Extras::kAll) {
      request += "Idempotency-Key: station-" + std::to_string(seed_) + "-" +
                 std::to_string(++number_) + "\r\n";
    }
    return request + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

 private:
  // A standard distribution may differ from one library to another; this does not.
  std::uint64_t Below(std::uint64_t bound) { return random_() % bound; }

  std::string Value(std::uint64_t low, std::uint64_t high) {
    const std::uint64_t tenths = low * 10 + Below((high - low) * 10 + 1);
    std::string text = std::to_string(tenths / 10);
    if (extras_ == Extras::kAll) return text + "." + std::to_string(Below(1'000'000'000'000) + 1);
    if (Below(2) == 0) text += "." + std::to_string(tenths % 10);
    return text;
  }

  std::string Municipality() {
    static constexpr std::array<std::string_view, 3> kOthers = {"mixco", "guatemala", "amatitlan"};
    return std::string(Below(10) < 7 ? "chinautla" : kOthers[Below(kOthers.size())]);
  }

  std::string Body() {
    static constexpr std::array<std::string_view, 4> kConditions = {"sunny", "cloudy", "rainy",
                                                                    "foggy"};
    const std::string municipality = R"("municipality":)" + Space() + '"' + Municipality() + '"';
    const std::string temperature = R"("temperature":)" + Space() + Value(15, 35);
    const std::string humidity = R"("humidity":)" + Space() + Value(30, 90);
    const std::string condition =
        R"("weather":)" + Space() + '"' + std::string(kConditions[Below(kConditions.size())]) + '"';
    const std::string observed =
        extras_ == Extras::kNone ? std::string() : R"(,"observed_at":")" + observed_at_ + '"';
    const std::string body =
        Below(3) == 0 ? condition + "," + humidity + "," + temperature + "," + municipality
                      : municipality + "," + temperature + "," + humidity + "," + condition;
    return "{" + body + observed + "}";
  }

  std::string Space() { return Below(2) == 0 ? " " : ""; }

  std::mt19937_64 random_;
  const std::uint64_t seed_;
  const Extras extras_;
  const std::string observed_at_;
  std::uint64_t number_ = 0;
};

}  // namespace chaac
