// The printed forms, and docs/configuration.md against the schema.
#include "app/config_print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "app/config_command_line.h"
#include "app/config_schema.h"

namespace chaac {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

const Flags kUnusual = {{"notice", "a \"quoted\" # sign, and a \\"},
                        {"conditions", "hot,cold"},
                        {"data-ttl-s", "7200"},
                        {"log-level", "error"},
                        {"listen-host", "::"},
                        {"valkey-url", "unix:///tmp/a%20b.sock?db=3"}};

TEST(ConfigPrintTest, TextTellsEachValueAndItsSource) {
  const LoadedConfig loaded = LoadConfig({{"notice", "a \"b\""}}, {{"PORT", "80"}}, "");
  const std::string text = ConfigAsText(loaded);
  EXPECT_THAT(text,
              HasSubstr("# Listening\nlisten-host = \"0.0.0.0\"                               "
                        "# default\nport = 80                                             "
                        "# environment variable PORT\n"));
  EXPECT_THAT(text, HasSubstr("\n\n# Store\nvalkey-url = \"valkey://127.0.0.1:6379\""));
  EXPECT_THAT(text, HasSubstr("\nnotice = \"a \\\"b\\\"\"                                    "
                              "# flag --notice\n"));
}

TEST(ConfigPrintTest, TextIsAFileThatGivesTheSameConfiguration) {
  const LoadedConfig loaded = LoadConfig(kUnusual, {}, "");
  const std::string path = ::testing::TempDir() + "chaac_config_print_test.toml";
  std::ofstream(path) << ConfigAsText(loaded);
  const LoadedConfig again = LoadConfig({}, {}, path);
  EXPECT_EQ(std::remove(path.c_str()), 0);
  for (const Property& property : Schema()) {
    EXPECT_EQ(ValueOf(property, again.config), ValueOf(property, loaded.config)) << property.name;
  }
}

TEST(ConfigPrintTest, JsonHoldsEverySetting) {
  const std::string json = ConfigAsJson(LoadConfig(kUnusual, {{"CHAAC_PORT", "80"}}, ""));
  simdjson::dom::parser parser;
  const simdjson::dom::object settings = parser.parse(json);
  EXPECT_EQ(settings.size(), Schema().size());
  EXPECT_EQ(std::int64_t(settings["port"]["value"]), 80);
  EXPECT_EQ(std::string_view(settings["port"]["source"]), "environment variable CHAAC_PORT");
  EXPECT_EQ(std::string_view(settings["notice"]["value"]), kUnusual.at("notice"));
  EXPECT_EQ(std::string_view(settings["loops"]["source"]), "default");
}

TEST(ConfigPrintTest, SecretsNeverShow) {
  for (const Flags& flags :
       {Flags{{"valkey-password", "hunter2"}}, Flags{{"valkey-url", "valkey://u:hunter2@host"}}}) {
    const LoadedConfig loaded = LoadConfig(flags, {}, "");
    ASSERT_EQ(loaded.config.endpoint.password, "hunter2");
    EXPECT_THAT(ConfigAsText(loaded), Not(HasSubstr("hunter2")));
    EXPECT_THAT(ConfigAsJson(loaded), AllOf(HasSubstr("***"), Not(HasSubstr("hunter2"))));
  }
}

// What `chaac config` prints of `flags`, and what a server reads from that file.
struct PrintedAndRead {
  std::string text;
  Config config;
};

PrintedAndRead PrintAndRead(const Flags& flags, const Flags& secrets) {
  const std::string text = ConfigAsText(LoadConfig(flags, {}, ""));
  const std::string path = ::testing::TempDir() + "chaac_config_print_secrets.toml";
  std::ofstream(path) << text;
  const LoadedConfig again = LoadConfig(secrets, {}, path);
  EXPECT_EQ(std::remove(path.c_str()), 0);
  return {text, again.config};
}

TEST(ConfigPrintTest, TextWithASecretIsAFileToo) {
  const PrintedAndRead password = PrintAndRead({{"valkey-password", "hunter2"}}, {});
  EXPECT_THAT(password.text, HasSubstr("\n# valkey-password is set, and hidden  "));
  EXPECT_THAT(password.text, Not(HasSubstr("***")));
  EXPECT_EQ(password.config.endpoint.password, "");

  const Flags url = {{"valkey-url", "valkeys://u:hunter2@host:7000/2"}};
  const PrintedAndRead read = PrintAndRead(url, {{"valkey-password", "hunter2"}});
  EXPECT_THAT(read.text, HasSubstr("\nvalkey-url = \"valkeys://u@host:7000/2\"  "));
  EXPECT_THAT(read.text, HasSubstr("\n# The password of valkey-url is set, and hidden  "));
  EXPECT_THAT(read.text, Not(HasSubstr("***")));
  EXPECT_EQ(read.config.endpoint, LoadConfig(url, {}, "").config.endpoint);
}

TEST(ConfigPrintTest, APasswordFromAFileIsNamedByTheFileAlone) {
  const std::string path = ::testing::TempDir() + "chaac_config_print_password";
  std::ofstream(path) << "hunter2\n";
  const PrintedAndRead read = PrintAndRead({{"valkey-password-file", path}}, {});
  EXPECT_THAT(read.text, HasSubstr("\nvalkey-password = \"\"  "));
  EXPECT_EQ(read.config.endpoint.password, "hunter2");
  EXPECT_EQ(std::remove(path.c_str()), 0);
}

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(ConfigPrintTest, TheDocumentHoldsTheReference) {
  const std::string document = ReadWhole(std::string(CHAAC_SOURCE_DIR) + "/docs/configuration.md");
  EXPECT_THAT(document, EndsWith(" see CONTRIBUTING.md -->\n" + ConfigReference()))
      << "renew docs/configuration.md with the commands of CONTRIBUTING.md";
}

std::string Help(const std::vector<const char*>& arguments) {
  std::vector<const char*> argv = {"chaac"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return ParseCommandLine(static_cast<int>(argv.size()), argv.data(), "1.2.3").answer.value_or("");
}

TEST(HelpTest, ListsEverySettingByGroup) {
  const std::string help = Help({"serve", "--help"});
  std::size_t at = 0;
  for (const Property& property : Schema()) {
    const std::string heading = std::string("\n") + std::string(NameOf(property.group)) + ":\n";
    const std::size_t group = help.find(heading);
    const std::size_t flag = help.find("\n  --" + std::string(property.name) + " ");
    ASSERT_NE(group, std::string::npos) << heading;
    ASSERT_NE(flag, std::string::npos) << property.name;
    EXPECT_LT(group, flag) << property.name;
    EXPECT_LT(at, flag) << property.name;
    at = flag;
  }
  EXPECT_THAT(help, Not(HasSubstr("\n\n\n")));
}

TEST(HelpTest, FitsATerminal) {
  constexpr std::size_t kColumns = 80;
  constexpr int kLinesOfOneScreen = 24;
  for (const auto& arguments : std::vector<std::vector<const char*>>{{"--help"},
                                                                     {"serve", "--help"},
                                                                     {"load", "--help"},
                                                                     {"config", "--help"},
                                                                     {"health", "--help"}}) {
    std::istringstream help(Help(arguments));
    int lines = 0;
    for (std::string line; std::getline(help, line); ++lines) {
      EXPECT_LE(line.size(), kColumns) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
    EXPECT_GT(lines, 10);
    if (arguments.size() == 1) {
      EXPECT_LT(lines, kLinesOfOneScreen) << "a line for the prompt";
    }
  }
}

}  // namespace
}  // namespace chaac
