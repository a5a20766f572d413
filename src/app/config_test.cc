// The configuration as a user meets it: arguments, environment and file in; a Config, a text or one
// sentence of refusal out.
#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chaac {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ConfigTest : public ::testing::Test {
 protected:
  ~ConfigTest() override {
    for (const std::string& path : files_) std::remove(path.c_str());
  }

  // A file that holds `text`, gone after the test. Its path.
  std::string File(const std::string& text) {
    const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    const std::string path =
        ::testing::TempDir() + "chaac_" + name + std::to_string(files_.size()) + ".toml";
    std::ofstream(path, std::ios::binary) << text;
    files_.push_back(path);
    return path;
  }

  static Invocation Parse(const std::vector<std::string>& arguments,
                          const Environment& environment = {}) {
    std::vector<const char*> argv = {"chaac"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    return ParseInvocation(static_cast<int>(argv.size()), argv.data(), environment, "1.2.3");
  }

  static Config Serve(std::vector<std::string> flags, const Environment& environment = {}) {
    flags.insert(flags.begin(), "serve");
    Invocation invocation = Parse(flags, environment);
    EXPECT_EQ(invocation.command, Command::kServe);
    return std::move(invocation.config);
  }

  // The sentence with which these are refused.
  static std::string Refusal(const std::vector<std::string>& arguments,
                             const Environment& environment = {}) {
    try {
      Parse(arguments, environment);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "accepted";
  }

 private:
  std::vector<std::string> files_;
};

TEST_F(ConfigTest, DefaultsAreThoseOfTheDesign) {
  const Config config = Serve({});
  EXPECT_EQ(config.listen.host, "0.0.0.0");
  EXPECT_EQ(config.listen.port, 8081);
  EXPECT_EQ(config.admin.port, 9081);
  EXPECT_EQ(config.endpoint, (Endpoint{.host = "127.0.0.1", .port = 6379}));
  EXPECT_EQ(config.http.head_bytes_max, 16U * 1024);
  EXPECT_EQ(config.http.target_bytes_max, 4U * 1024);
  EXPECT_EQ(config.http.body_bytes_max, 4U * 1024 * 1024);
  EXPECT_EQ(config.http.buffered_bytes_max, 256U * 1024 * 1024);
  EXPECT_EQ(config.http.connections_max, 10'000U);
  EXPECT_EQ(config.http.receive_timeout, 10s);
  EXPECT_EQ(config.http.idle_timeout, 75s);
  EXPECT_EQ(config.decoder.report_bytes_max, 64U * 1024);
  EXPECT_EQ(config.decoder.rows_max, 10'000U);
  EXPECT_EQ(config.decoder.json_depth_max, 8U);
  EXPECT_EQ(config.ingest.batch_reports_max, 4096U);
  EXPECT_EQ(config.ingest.batch_bytes_max, 1024U * 1024);
  EXPECT_EQ(config.ingest.queue_reports_max, 65'536U);
  EXPECT_EQ(config.ingest.reply_timeout, 2s);
  EXPECT_EQ(config.store.data_ttl, 24h);
  EXPECT_EQ(config.store.series_ttl, 24h);
  EXPECT_EQ(config.store.list_length_max, 1'000U);
  EXPECT_EQ(config.store.municipalities_max, 1'000U);
  EXPECT_EQ(config.store.conditions, Conditions::DefaultSlugs());
  EXPECT_EQ(config.municipalities, "builtin");
  EXPECT_EQ(config.log.format, LogFormat::kAuto);
  EXPECT_EQ(config.log.level, LogLevel::kInfo);
  EXPECT_EQ(config.log.service_version, "1.2.3");
}

TEST_F(ConfigTest, FlagsTakeTheirValueInEitherForm) {
  EXPECT_EQ(Serve({"--port", "1"}).listen.port, 1);
  EXPECT_EQ(Serve({"--port=2"}).listen.port, 2);
  EXPECT_EQ(Serve({"--port=2", "--port", "3"}).listen.port, 3) << "the last one wins";
  EXPECT_EQ(Serve({"--notice", "a b, [c]"}).notice, "a b, [c]");
  EXPECT_EQ(Serve({"--notice", "[a,b]"}).notice, "[a,b]");
  EXPECT_EQ(Serve({"--notice=--x=y"}).notice, "--x=y");
  EXPECT_EQ(Serve({"--notice", ""}, {{"CHAAC_NOTICE", "x"}}).notice, "");
  EXPECT_EQ(Serve({"--conditions", "hot,cold"}).store.conditions,
            (std::vector<std::string>{"hot", "cold"}));
}

TEST_F(ConfigTest, FlagsBeatEnvironmentBeatsFileBeatsDefault) {
  const std::string file = File("port = 10\nlog-level = debug\n");
  const Environment environment = {{"CHAAC_CONFIG", file}};
  EXPECT_EQ(Serve({}, environment).listen.port, 10);
  EXPECT_EQ(Serve({"--config", file}).log.level, LogLevel::kDebug);
  EXPECT_EQ(Serve({"--config", File("port = 11")}, environment).listen.port, 11)
      << "--config beats CHAAC_CONFIG";
  Environment fuller = environment;
  fuller["PORT"] = "20";
  EXPECT_EQ(Serve({}, fuller).listen.port, 20);
  fuller["CHAAC_PORT"] = "30";
  EXPECT_EQ(Serve({}, fuller).listen.port, 30);
  EXPECT_EQ(Serve({"--port", "40"}, fuller).listen.port, 40);
  EXPECT_EQ(Serve({"--port", "40"}, fuller).log.level, LogLevel::kDebug);
}

TEST_F(ConfigTest, AnEmptyVariableIsNone) {
  EXPECT_EQ(Serve({}, {{"CHAAC_PORT", ""}, {"PORT", "9"}, {"CHAAC_CONFIG", ""}}).listen.port, 9);
}

TEST_F(ConfigTest, StoreMayBeNamedByTheVariablesOfTheOriginalDeployment) {
  Environment environment = {{"REDIS_HOST", "cache"}};
  EXPECT_EQ(Redacted(Serve({}, environment).endpoint), "valkey://cache:6379");
  environment["REDIS_PORT"] = "7000";
  EXPECT_EQ(Redacted(Serve({}, environment).endpoint), "valkey://cache:7000");
  environment["VALKEY_URL"] = "valkey://one";
  EXPECT_EQ(Redacted(Serve({}, environment).endpoint), "valkey://one:6379");
  environment["CHAAC_VALKEY_URL"] = "valkey://two";
  EXPECT_EQ(Redacted(Serve({}, environment).endpoint), "valkey://two:6379");
  EXPECT_EQ(Redacted(Serve({"--valkey-url", "valkey://three"}, environment).endpoint),
            "valkey://three:6379");
  const std::string file = File("valkey-url = valkey://four");
  EXPECT_EQ(Redacted(Serve({"--config", file}, {{"REDIS_PORT", "7000"}}).endpoint),
            "valkey://127.0.0.1:7000");
  EXPECT_EQ(Redacted(Serve({}, {{"REDIS_HOST", "2001:db8::1"}}).endpoint),
            "valkey://[2001:db8::1]:6379");
}

TEST_F(ConfigTest, ServiceLinksOfKubernetesAreNobodysChoice) {
  const std::string link = "tcp://10.0.0.7:8081";
  const Invocation invocation = Parse({"serve"}, {{"CHAAC_PORT", link},
                                                  {"CHAAC_PORT_8081_TCP", link},
                                                  {"CHAAC_SERVICE_HOST", "10.0.0.7"},
                                                  {"CHAAC_ADMIN_PORT", link},
                                                  {"REDIS_HOST", "cache"},
                                                  {"REDIS_PORT", link}});
  EXPECT_EQ(invocation.config.listen.port, 8081);
  EXPECT_EQ(invocation.config.admin.port, 9081);
  EXPECT_EQ(Redacted(invocation.config.endpoint), "valkey://cache:6379");
  EXPECT_TRUE(invocation.warnings.empty());
}

TEST_F(ConfigTest, CredentialsReplaceThoseOfTheUrl) {
  const Environment environment = {{"CHAAC_VALKEY_URL", "valkey://one:first@store/2"}};
  EXPECT_EQ(Serve({}, environment).endpoint.password, "first");
  const Config config =
      Serve({"--valkey-username", "two", "--valkey-password", "second"}, environment);
  EXPECT_EQ(config.endpoint,
            (Endpoint{.host = "store", .username = "two", .password = "second", .database = 2}));
  const std::string file = File("thi rd\n");
  EXPECT_EQ(Serve({"--valkey-password-file", file}, environment).endpoint.password, "thi rd");
  EXPECT_EQ(Serve({"--valkey-password-file", File("x\r\n")}).endpoint.password, "x");
  EXPECT_EQ(Serve({"--valkey-password-file", File("x\n\n")}).endpoint.password, "x\n");
}

TEST_F(ConfigTest, WrongValuesNameTheirOriginTheValueAndWhatIsAllowed) {
  EXPECT_EQ(Refusal({"serve", "--port", "80800"}),
            "flag --port is \"80800\"; allowed is a whole number from 0 to 65535");
  EXPECT_EQ(
      Refusal({"serve"}, {{"CHAAC_ROWS_MAX", "many"}}),
      "environment variable CHAAC_ROWS_MAX (--rows-max) is \"many\"; allowed is a whole number "
      "from 1 to 20000");
  EXPECT_EQ(
      Refusal({"serve"}, {{"PORT", "-1"}}),
      "environment variable PORT (--port) is \"-1\"; allowed is a whole number from 0 to 65535");
  const std::string file = File("# one\nlog-level = loud\n");
  EXPECT_EQ(Refusal({"serve", "--config", file}),
            file + ":2 (--log-level) is \"loud\"; allowed is one of debug, info, warning, error");
  EXPECT_EQ(Refusal({"serve", "--listen-host", "localhost"}),
            "flag --listen-host is \"localhost\"; allowed is an IPv4 or IPv6 address, for example "
            "0.0.0.0, 127.0.0.1 or ::1");
  EXPECT_EQ(Refusal({"serve", "--notice", "two\nlines"}),
            "flag --notice is \"two?lines\"; allowed is at most 200 bytes of UTF-8 on one line");
  EXPECT_THAT(Refusal({"serve", "--notice", std::string(201, 'a')}),
              HasSubstr("at most 200 bytes"));
  EXPECT_THAT(Refusal({"serve", "--conditions", "sunny,sunny"}),
              AllOf(HasSubstr("\"sunny,sunny\""), HasSubstr("1 to 32 different slugs")));
  EXPECT_THAT(Refusal({"serve", "--municipalities", ""}), HasSubstr("builtin, open, or the path"));
  for (const std::string number :
       {"", " 1", "1 ", "+1", "0x10", "1e3", "1.0", "9223372036854775808"}) {
    EXPECT_THAT(Refusal({"serve", "--loops", number}),
                AllOf(StartsWith("flag --loops is "), HasSubstr("a whole number from 0 to 256")))
        << number;
  }
}

TEST_F(ConfigTest, WrongUrlsSayWhyAndHideTheUrl) {
  EXPECT_EQ(Refusal({"serve", "--valkey-url", "user:hunter2@host"}),
            "flag --valkey-url cannot be used: it does not start with a scheme (valkey, valkeys, "
            "redis, rediss, unix) and ://, as valkey://127.0.0.1:6379 does");
  EXPECT_EQ(
      Refusal({"serve"}, {{"REDIS_HOST", "cache"}, {"REDIS_PORT", "many"}}),
      "environment variables REDIS_HOST and REDIS_PORT (--valkey-url) cannot be used: the port "
      "is not a whole number from 1 to 65535");
  EXPECT_EQ(
      Refusal({"serve"}, {{"REDIS_HOST", "cache:7000"}}),
      "environment variable REDIS_HOST (--valkey-url) cannot be used: what stands in brackets "
      "is not an IPv6 address");
}

TEST_F(ConfigTest, SettingsThatContradictEachOtherAreRefused) {
  EXPECT_EQ(Refusal({"serve", "--target-bytes-max", "2000", "--head-bytes-max", "1999"}),
            "--target-bytes-max is 2000, but --head-bytes-max is 1999: the target is a part of the "
            "head; give at most 1999");
  EXPECT_THAT(Refusal({"serve", "--body-bytes-max", "65535"}), StartsWith("--report-bytes-max is"));
  EXPECT_THAT(Refusal({"serve", "--buffered-bytes-max", "4194303"}),
              StartsWith("--body-bytes-max is 4194304, but --buffered-bytes-max is 4194303"));
  EXPECT_THAT(Refusal({"serve", "--queue-reports-max", "9999"}), StartsWith("--rows-max is 10000"));
  EXPECT_THAT(Refusal({"serve", "--queue-reports-max", "4095", "--rows-max", "1"}),
              StartsWith("--batch-reports-max is 4096"));
  EXPECT_THAT(Refusal({"serve", "--drain-timeout-ms", "1999"}),
              StartsWith("--store-reply-timeout-ms is 2000, but --drain-timeout-ms is 1999"));
  EXPECT_EQ(Serve({"--drain-timeout-ms", "2000"}).drain_timeout, 2s) << "equal is allowed";
  EXPECT_EQ(Refusal({"serve", "--admin-port", "8081"}),
            "--port and --admin-port are both 8081; give two different ports");
  EXPECT_EQ(Serve({"--admin-port", "0", "--port", "0"}).admin.port, 0);
  EXPECT_EQ(Refusal({"serve", "--valkey-password", "a", "--valkey-password-file", "b"}),
            "--valkey-password and --valkey-password-file are both set; give one of them");
  EXPECT_EQ(
      Refusal({"serve", "--valkey-ca-file", "ca.pem", "--valkey-url", "valkey://u:p@h"}),
      "--valkey-ca-file is \"ca.pem\", but --valkey-url is valkey://u:***@h:6379, which is not "
      "encrypted; give a valkeys:// URL");
  EXPECT_THAT(Refusal({"serve", "--valkey-tls-server-name", "h"}),
              StartsWith("--valkey-tls-server-name is \"h\", but"));
}

TEST_F(ConfigTest, FilesThatCannotBeUsedAreNamed) {
  EXPECT_EQ(Refusal({"serve", "--config", "/nowhere/c"}),
            "the configuration file \"/nowhere/c\" cannot be read: No such file or directory");
  const std::string unknown = File("port = 1\n\nprot = 2\n");
  EXPECT_EQ(Refusal({"serve", "--config", unknown}),
            unknown + ":3: there is no setting prot. Did you mean port?");
  const std::string underscore = File("log_level = info\n");
  EXPECT_EQ(Refusal({"serve", "--config", underscore}),
            underscore + ":1: there is no setting log_level. Did you mean log-level?");
  const std::string malformed = File("port: 1\n");
  EXPECT_EQ(Refusal({"serve", "--config", malformed}),
            malformed + ", line 1: it is not name = value");
  EXPECT_EQ(Refusal({"serve", "--valkey-password-file", "/nowhere/p"}),
            "--valkey-password-file \"/nowhere/p\" cannot be read: No such file or directory");
  EXPECT_THAT(Refusal({"serve", "--valkey-password-file", File("\n")}),
              HasSubstr("is empty; it holds the password"));
}

TEST_F(ConfigTest, CertificatesThatCannotBeReadAreRefused) {
  const std::string tls = "--valkey-url=valkeys://host";
  for (const std::string& path : {std::string("/nowhere/ca.pem"), File("no certificate\n")}) {
    EXPECT_THAT(Refusal({"serve", tls, "--valkey-ca-file", path}),
                AllOf(StartsWith("--valkey-ca-file is \"/"),
                      HasSubstr("certificates cannot be read from " + path + ": "),
                      HasSubstr("; allowed is a file of PEM certificates")));
  }
}

TEST_F(ConfigTest, AHiddenPasswordIsNotAPassword) {
  const std::string refused =
      " gives the password ***, which is how a hidden one is shown; give the password itself";
  EXPECT_EQ(Refusal({"serve", "--valkey-password", "***"}), "--valkey-password" + refused);
  EXPECT_EQ(Refusal({"serve"}, {{"VALKEY_URL", "valkey://u:***@h"}}), "--valkey-url" + refused);
  EXPECT_EQ(Refusal({"serve", "--valkey-password-file", File("***\n")}),
            "--valkey-password-file" + refused);
  EXPECT_EQ(Serve({"--valkey-password", "****"}).endpoint.password, "****");
}

TEST_F(ConfigTest, UnknownArgumentsAreRefusedWithTheNearestKnownOne) {
  EXPECT_EQ(Refusal({}), "a command is missing: serve, load, config or health; see chaac --help");
  EXPECT_EQ(
      Refusal({"sevre"}),
      "there is no command \"sevre\". Did you mean serve? Allowed are serve, load, config, health");
  EXPECT_EQ(Refusal({"serve", "--prot", "80"}),
            "there is no flag --prot. Did you mean --port? See chaac serve --help");
  EXPECT_EQ(Refusal({"serve", "--prot=80"}),
            "there is no flag --prot. Did you mean --port? See chaac serve --help");
  EXPECT_EQ(Refusal({"serve", "--qqqqqqqq"}),
            "there is no flag --qqqqqqqq. See chaac serve --help");
  EXPECT_EQ(Refusal({"serve", "--valkey-password-hunter2"}),
            "there is no flag --valkey-password-hunter2. Did you mean --valkey-password-file? See "
            "chaac serve --help");
  EXPECT_EQ(Refusal({"--port", "80"}), "--port goes behind a command: chaac serve --port");
  EXPECT_EQ(Refusal({"--port", "80", "serve"}), "--port goes behind a command: chaac serve --port");
  EXPECT_EQ(Refusal({"health", "--port", "80"}),
            "there is no flag --port. See chaac health --help");
  EXPECT_EQ(Refusal({"serve", "now"}), "chaac serve takes no argument \"now\"");
  EXPECT_EQ(Refusal({"serve", "config"}), "give one command: serve, load, config or health");
  EXPECT_EQ(Refusal({"serve", "--port"}), "flag --port needs a value");
  EXPECT_EQ(Refusal({"config", "--format", "yaml"}),
            "flag --format is \"yaml\"; allowed is one of text, json, markdown");
  EXPECT_THAT(Refusal({"health", "--ready=x"}), StartsWith("the flags cannot be read: "));
}

TEST_F(ConfigTest, LikelySlipsInTheEnvironmentAreWarnedOf) {
  const Environment environment = {{"CHAAC_PROT", "1"}, {"CHAACPORT", "1"}, {"HOME", "/"}};
  EXPECT_EQ(
      Parse({"serve"}, environment).warnings,
      std::vector<std::string>{"the environment variable CHAAC_PROT is not a setting of Chaac. "
                               "Did you mean CHAAC_PORT?"});
  EXPECT_THAT(Parse({"config"}, environment).text,
              HasSubstr("# Warning: the environment variable"));
}

TEST_F(ConfigTest, HealthKnowsWhomToAskAndWhat) {
  const Invocation live = Parse({"health"}, {{"CHAAC_ADMIN_PORT", "1"}});
  EXPECT_EQ(live.command, Command::kHealth);
  EXPECT_EQ(live.config.admin.port, 1);
  EXPECT_FALSE(live.health_ready);
  const Invocation ready = Parse({"health", "--ready", "--admin-port=2", "--admin-host", "::1"});
  EXPECT_TRUE(ready.health_ready);
  EXPECT_EQ(ready.config.admin.port, 2);
  EXPECT_EQ(ready.config.admin.host, "::1");
}

TEST_F(ConfigTest, VersionAndHelpAnswerWhateverElseIsWrong) {
  const Environment broken = {{"CHAAC_PORT", "x"}};
  for (const std::string flag : {"--version", "-V"}) {
    const Invocation version = Parse({flag}, broken);
    EXPECT_EQ(version.command, Command::kPrint);
    EXPECT_EQ(version.text, "chaac 1.2.3\n");
  }
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--help"}, {"-h"}, {"serve", "--help"}, {"config", "-h"}, {"health", "--help"}}) {
    const Invocation help = Parse(arguments, broken);
    EXPECT_EQ(help.command, Command::kPrint);
    EXPECT_THAT(help.text, AllOf(HasSubstr("Usage: chaac"), HasSubstr("--help"))) << arguments[0];
  }
}

TEST(EnvironmentTest, HoldsTheProcessesVariables) {
  ASSERT_EQ(setenv("CHAAC_TEST_VARIABLE", "a=b", 1), 0);
  const Environment environment = ProcessEnvironment();
  ASSERT_EQ(unsetenv("CHAAC_TEST_VARIABLE"), 0);
  const auto found = environment.find("CHAAC_TEST_VARIABLE");
  ASSERT_NE(found, environment.end());
  EXPECT_EQ(found->second, "a=b");
  EXPECT_FALSE(ProcessEnvironment().contains("CHAAC_TEST_VARIABLE"));
}

TEST_F(ConfigTest, SentinelsTakeTheUrlsSchemeAndTheirOwnPassword) {
  const Config config =
      Serve({"--valkey-url", "valkeys://u:p@ignored/2", "--valkey-sentinels", "a,b:7000,[::1]:7001",
             "--valkey-sentinel-master", "weather", "--valkey-sentinel-password", "s"});
  ASSERT_EQ(config.sentinels.addresses.size(), 3U);
  EXPECT_EQ(config.sentinels.primary, "weather");
  EXPECT_EQ(Redacted(config.sentinels.addresses[0]), "valkeys://:***@a:26379");
  EXPECT_EQ(Redacted(config.sentinels.addresses[1]), "valkeys://:***@b:7000");
  EXPECT_EQ(config.sentinels.addresses[2].host, "::1");
  EXPECT_EQ(config.sentinels.addresses[2].password, "s");
  EXPECT_EQ(config.endpoint.password, "p");
  EXPECT_TRUE(Serve({}).sentinels.addresses.empty());
}

TEST_F(ConfigTest, SentinelsThatCannotBeAskedAreRefused) {
  const std::string seventeen = "h,h,h,h,h,h,h,h,h,h,h,h,h,h,h,h,h";
  for (const std::string wrong : {"a,,b", "a:0", "a:x", "u@a", "redis://a", "a/0", " a"}) {
    EXPECT_THAT(Refusal({"serve", "--valkey-sentinels", wrong}),
                AllOf(StartsWith("flag --valkey-sentinels is "), HasSubstr("up to 16 addresses")));
  }
  EXPECT_THAT(Refusal({"serve", "--valkey-sentinels", seventeen}), HasSubstr("up to 16 addresses"));
  EXPECT_THAT(
      Refusal({"serve", "--valkey-sentinels", "a", "--valkey-url", "unix:///run/valkey.sock"}),
      AllOf(StartsWith("--valkey-sentinels is \"a\""), HasSubstr("valkey:// or valkeys://")));
  EXPECT_EQ(Refusal({"serve", "--valkey-sentinels", "a", "--valkey-sentinel-password", "x",
                     "--valkey-sentinel-password-file", "y"}),
            "--valkey-sentinel-password and --valkey-sentinel-password-file are both set; give one "
            "of them");
}

TEST_F(ConfigTest, ReplicasCountOnlyWithThatLevel) {
  EXPECT_EQ(Serve({}).ingest.ack_replicas, 0U);
  EXPECT_EQ(Serve({"--ack-replicas", "2"}).ingest.ack_replicas, 0U);
  EXPECT_EQ(Serve({"--ack", "replica"}).ingest.ack_replicas, 1U);
  EXPECT_EQ(Serve({"--ack", "replica", "--ack-replicas", "2"}).ingest.ack_replicas, 2U);
  EXPECT_EQ(Refusal({"serve", "--ack", "all"}),
            "flag --ack is \"all\"; allowed is one of primary, replica");
  EXPECT_THAT(Refusal({"serve", "--ack-replicas", "0"}), HasSubstr("a whole number from 1 to 16"));
}

TEST_F(ConfigTest, LoadTakesTheStoresFlags) {
  const Invocation invocation = Parse({"load", "--valkey-url", "valkey://loader@store"});
  EXPECT_EQ(invocation.command, Command::kLoad);
  EXPECT_EQ(invocation.config.endpoint.username, "loader");
  EXPECT_THAT(Refusal({"load", "--port", "1"}), HasSubstr("there is no flag --port"));
}

}  // namespace
}  // namespace chaac
