// Every row of the schema is complete and consistent.
#include "app/config_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "app/config_sources.h"

namespace chaac {
namespace {

class SchemaTest : public ::testing::TestWithParam<Property> {};

INSTANTIATE_TEST_SUITE_P(AllSettings, SchemaTest,
                         ::testing::ValuesIn(Schema().begin(), Schema().end()),
                         [](const auto& test) {
                           return EnvironmentName(test.param).substr(sizeof("CHAAC_") - 1);
                         });

TEST_P(SchemaTest, DefaultIsAllowedAndReadBackTheSame) {
  const Property& property = GetParam();
  Config config;
  const std::string value = ValueOf(property, config);
  EXPECT_TRUE(Assign(property, value, &config)) << value;
  EXPECT_EQ(ValueOf(property, config), value);
}

TEST_P(SchemaTest, NumbersFitTheirMemberAndEndAtTheirBounds) {
  const Property& property = GetParam();
  if (!IsNumber(property)) return;
  Config config;
  for (const std::int64_t allowed : {property.min, property.max}) {
    EXPECT_TRUE(Assign(property, std::to_string(allowed), &config));
    EXPECT_EQ(ValueOf(property, config), std::to_string(allowed));
  }
  for (const std::int64_t refused : {property.min - 1, property.max + 1}) {
    EXPECT_FALSE(Assign(property, std::to_string(refused), &config));
    EXPECT_EQ(ValueOf(property, config), std::to_string(property.max)) << "left as it was";
  }
}

TEST_P(SchemaTest, TellsWhatItIs) {
  const Property& property = GetParam();
  EXPECT_THAT(std::string(property.name), ::testing::MatchesRegex("[a-z]+(-[a-z]+)*"));
  EXPECT_FALSE(property.kind.empty());
  EXPECT_FALSE(property.prose.empty());
  EXPECT_FALSE(AllowedOf(property).empty());
  EXPECT_EQ(FindProperty(property.name)->field, property.field) << "two settings of one name";
  Config config;
  const ConfigField field = property.field(&config);
  const bool is_duration = std::holds_alternative<std::chrono::microseconds*>(field) ||
                           std::holds_alternative<std::chrono::milliseconds*>(field) ||
                           std::holds_alternative<std::chrono::seconds*>(field);
  EXPECT_EQ(is_duration, property.name.ends_with("-us") || property.name.ends_with("-ms") ||
                             property.name.ends_with("-s"));
}

// Four allowed values, each different from the one before it and the first from the default.
std::vector<std::string> Values(const Property& property) {
  if (IsNumber(property)) {
    const std::int64_t value = std::stoll(ValueOf(property, Config{}));
    return {std::to_string(value + 1), std::to_string(value + 2), std::to_string(value + 3),
            std::to_string(value + 4)};
  }
  if (property.name == "log-format") return {"json", "text", "auto", "json"};
  if (property.name == "ack") return {"replica", "primary", "replica", "primary"};
  if (property.name == "log-level") return {"debug", "warning", "error", "debug"};
  if (property.name == "valkey-url") {
    return {"valkeys://a", "valkeys://b", "valkeys://c", "valkeys://d"};
  }
  if (property.name.ends_with("-host")) return {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"};
  return {"one", "two", "three", "four"};
}

TEST_P(SchemaTest, FlagBeatsVariableBeatsWeakerVariableBeatsFile) {
  const Property& property = GetParam();
  if (property.name.starts_with("valkey-") && property.name.ends_with("-file")) {
    return;  // Its files would have to exist.
  }
  const std::string name(property.name);
  const std::vector<std::string> values = Values(property);
  const std::string path = ::testing::TempDir() + "chaac_config_schema_test_" + name;
  std::ofstream(path) << "\n" << name << " = \"" << values[0] << "\"\n";
  Flags flags;
  if (name != "valkey-url") flags["valkey-url"] = "valkeys://store";  // For the settings of TLS.
  Environment environment;
  const auto expect = [&](const std::string& value, const std::string& source) {
    const LoadedConfig loaded = LoadConfig(flags, environment, path);
    EXPECT_EQ(ValueOf(property, loaded.config), value);
    EXPECT_EQ(loaded.sources.at(name), source);
  };
  expect(values[0], path + ":2");
  if (!property.weaker_variable.empty()) {
    const std::string weaker(property.weaker_variable);
    environment[weaker] = values[1];
    expect(values[1], "environment variable " + weaker);
  }
  environment[EnvironmentName(property)] = values[2];
  expect(values[2], "environment variable " + EnvironmentName(property));
  flags[name] = values[3];
  expect(values[3], "flag --" + name);
  EXPECT_EQ(std::remove(path.c_str()), 0);
}

TEST(SchemaGroupsTest, SettingsOfAGroupStandTogether) {
  const auto schema = Schema();
  EXPECT_TRUE(std::is_sorted(schema.begin(), schema.end(),
                             [](const auto& a, const auto& b) { return a.group < b.group; }));
}

TEST(SuggestionTest, NamesTheNearestOrNothing) {
  const std::vector<std::string> names = {"--port", "--admin-port", "--loops"};
  EXPECT_EQ(Suggestion("--prot", names), " Did you mean --port?");
  EXPECT_EQ(Suggestion("--adminport", names), " Did you mean --admin-port?");
  EXPECT_EQ(Suggestion("--valkey", names), "");
  EXPECT_EQ(Suggestion("", names), "");
  EXPECT_EQ(Suggestion(std::string(65, 'a'), names), "");
}

}  // namespace
}  // namespace chaac
