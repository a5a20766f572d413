// Lines in both formats, with a clock that stands still.
#include "base/log.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <spdlog/sinks/ostream_sink.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace chaac {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow =
    std::chrono::sys_days(std::chrono::year(2026) / 2 / 3) + 4h + 5min + 6s + 7ms;

class LogTest : public ::testing::Test {
 protected:
  Logger MakeLogger(LogFormat format, LogLevel level = LogLevel::kInfo) {
    return Logger(std::make_shared<spdlog::sinks::ostream_sink_mt>(output_),
                  {.format = format, .level = level, .service_version = "1.2.3"});
  }

  // What follows the fields of an event on every JSON line.
  static std::string Common(std::string_view thread_name) {
    std::string common = R"("process.thread.name":")";
    common.append(thread_name).append(R"(","process.pid":)").append(std::to_string(getpid()));
    return common + R"(,"service.name":"chaac","service.version":"1.2.3","ecs.version":"8.11.0"})" +
           "\n";
  }

  std::ostringstream output_;
};

TEST_F(LogTest, JsonLineCarriesTheFieldsOfEcs) {
  Logger logger = MakeLogger(LogFormat::kJson);
  std::thread thread([&logger] {
    pthread_setname_np(pthread_self(), "loop-7");
    logger.Write(LogLevel::kWarning, "store connected",
                 {{"server.address", "10.0.0.1"},
                  {"server.port", std::uint16_t{6379}},
                  {"chaac.offset", -12},
                  {"chaac.share", 0.25},
                  {"chaac.first", true}},
                 kNow);
  });
  thread.join();
  EXPECT_EQ(output_.str(),
            R"({"@timestamp":"2026-02-03T04:05:06.007Z","log.level":"warning",)"
            R"("message":"store connected","server.address":"10.0.0.1","server.port":6379,)"
            R"("chaac.offset":-12,"chaac.share":0.25,"chaac.first":true,)" +
                Common("loop-7"));
}

TEST_F(LogTest, JsonLineEscapesAnyBytes) {
  pthread_setname_np(pthread_self(), "log_test");
  MakeLogger(LogFormat::kJson)
      .Write(LogLevel::kError, "two\nlines \"quoted\" {}", {{"bytes", "\x01\xFF\\"}}, kNow);
  EXPECT_EQ(output_.str(), R"({"@timestamp":"2026-02-03T04:05:06.007Z","log.level":"error",)"
                           R"("message":"two\nlines \"quoted\" {}","bytes":"\u0001)"
                           "\xEF\xBF\xBD"
                           R"(\\",)" +
                               Common("log_test"));
}

TEST_F(LogTest, NumbersThatJsonLacksBecomeTexts) {
  MakeLogger(LogFormat::kJson)
      .Write(LogLevel::kInfo, "m",
             {{"a", std::numeric_limits<double>::quiet_NaN()},
              {"b", -std::numeric_limits<double>::infinity()},
              {"c", std::numeric_limits<std::uint64_t>::max()}},
             kNow);
  EXPECT_NE(output_.str().find(R"("a":"nan","b":"-inf","c":18446744073709551615,)"),
            std::string::npos)
      << output_.str();
}

TEST_F(LogTest, TextLineIsForPeople) {
  MakeLogger(LogFormat::kText)
      .Write(LogLevel::kWarning, "store \"a\"\nlost",
             {{"server.address", "10.0.0.1"}, {"reason", "reset by peer"}, {"empty", ""}, {"n", 3}},
             kNow);
  const std::string line = output_.str();
  const std::size_t level = line.find("warning");
  ASSERT_NE(level, std::string::npos) << line;
  EXPECT_EQ(line.substr(level),
            "warning store \\\"a\\\"\\nlost  server.address=10.0.0.1  reason=\"reset by peer\"  "
            "empty=\"\"  n=3\n");
}

TEST_F(LogTest, LevelsBelowTheChosenOneAreLeftOut) {
  for (const auto format : {LogFormat::kJson, LogFormat::kText}) {
    output_.str("");
    Logger logger = MakeLogger(format, LogLevel::kWarning);
    logger.Write(LogLevel::kDebug, "one", {}, kNow);
    logger.Write(LogLevel::kInfo, "two", {}, kNow);
    EXPECT_EQ(output_.str(), "");
    logger.Write(LogLevel::kWarning, "three", {}, kNow);
    logger.Write(LogLevel::kError, "four", {}, kNow);
    EXPECT_NE(output_.str().find("three"), std::string::npos);
    EXPECT_NE(output_.str().find("four"), std::string::npos);
  }
}

TEST_F(LogTest, LinesOfSeveralThreadsStayWhole) {
  constexpr int kThreads = 4;
  constexpr int kLines = 200;
  Logger logger = MakeLogger(LogFormat::kJson);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&logger] {
      for (int i = 0; i < kLines; ++i) logger.Write(LogLevel::kInfo, "whole", {{"i", i}}, kNow);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream lines(output_.str());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(line.starts_with(R"({"@timestamp":"2026-02-03T04:05:06.007Z",)")) << line;
    EXPECT_TRUE(line.ends_with(R"("ecs.version":"8.11.0"})")) << line;
  }
  EXPECT_EQ(count, kThreads * kLines);
}

TEST(LogProcessTest, WritesToStandardErrorAndNotToStandardOutput) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();  // Into a file: no terminal, whatever it was before.
  StartLogging({.format = LogFormat::kAuto, .level = LogLevel::kInfo, .service_version = "9"});
  LogDebug("unseen");
  LogInfo("seen", {{"n", 1}});
  LogWarning("seen");
  LogError("seen");
  const std::string errors = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_TRUE(errors.starts_with(R"({"@timestamp":"20)")) << errors;
  EXPECT_EQ(errors.find("unseen"), std::string::npos);
  EXPECT_NE(errors.find(R"("log.level":"info","message":"seen","n":1,)"), std::string::npos);
  EXPECT_NE(errors.find(R"("log.level":"warning","message":"seen")"), std::string::npos);
  EXPECT_NE(errors.find(R"("log.level":"error","message":"seen")"), std::string::npos);
  EXPECT_NE(errors.find(R"("service.version":"9")"), std::string::npos);
}

}  // namespace
}  // namespace chaac
