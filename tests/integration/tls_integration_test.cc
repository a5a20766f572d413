// TLS to a real Valkey: its certificate must be signed by the given CA and carry the right name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "store/preflight.h"
#include "store/testing/reserved_port.h"
#include "store/testing/valkey_process.h"
#include "tests/integration/store_client.h"

namespace chaac {
namespace {

// A folder with a CA, and a certificate it signed for 127.0.0.1 and store.test.
class Certificates {
 public:
  Certificates() {
    std::string name = std::filesystem::temp_directory_path() / "chaac-tls-XXXXXX";
    folder_ = mkdtemp(name.data());
    const std::string script =
        "cd '" + folder_.string() +
        "' && exec >log 2>&1 && "
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout "
        "ca.key "
        "-out ca.pem -subj '/CN=test CA' && "
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key "
        "-out server.csr -subj '/CN=store' && "
        "echo 'subjectAltName=IP:127.0.0.1,DNS:store.test' >names && "
        "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
        "-extfile names -out server.pem";
    EXPECT_EQ(std::system(script.c_str()), 0) << "see " << folder_ / "log";
  }
  ~Certificates() { std::filesystem::remove_all(folder_); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  [[nodiscard]] std::string File(const std::string& name) const { return folder_ / name; }

 private:
  std::filesystem::path folder_;
};

class TlsIntegrationTest : public testing::Test {
 protected:
  TlsIntegrationTest() {
    endpoint_.kind = Endpoint::Kind::kTls;
    endpoint_.host = "127.0.0.1";
    endpoint_.port = port_.number();
  }

  [[nodiscard]] PreflightResult Try(const TlsContext& tls) const {
    return Preflight({.endpoint = endpoint_, .sentinels = {}}, &tls, std::chrono::seconds(60));
  }

  Certificates certificates_;
  ReservedPort port_;
  ValkeyProcess valkey_{{"bind 127.0.0.1", "tls-port " + std::to_string(port_.number()),
                         "tls-cert-file " + certificates_.File("server.pem"),
                         "tls-key-file " + certificates_.File("server.key"),
                         "tls-ca-cert-file " + certificates_.File("ca.pem"),
                         "tls-auth-clients no"}};
  Endpoint endpoint_;
};

TEST_F(TlsIntegrationTest, CommitsOverTls) {
  const TlsContext tls(certificates_.File("ca.pem"), "");
  StoreOptions options;
  options.conditions = {"sunny"};
  Resolver resolver;
  const Link::Environment environment{
      .endpoint = endpoint_, .tls = &tls, .resolver = &resolver, .limits = {}, .sentinels = {}};
  StoreClient client(&environment, &options, {"mixco"});
  ASSERT_TRUE(client.AwaitConnected());
  // Large enough for many TLS records each way.
  const std::vector<ReferenceReport> rows(10'000, {"", "mixco", 2'012, 5'000, "sunny"});
  EXPECT_EQ(client.Submit({rows}).front().accepted, 10'000U);
  EXPECT_EQ(client.Submit({{rows.front()}}).front().accepted, 1U);
}

TEST_F(TlsIntegrationTest, TheNameOfTheCertificateIsChecked) {
  EXPECT_EQ(Try(TlsContext(certificates_.File("ca.pem"), "")).status,
            PreflightResult::Status::kReady);
  EXPECT_EQ(Try(TlsContext(certificates_.File("ca.pem"), "store.test")).status,
            PreflightResult::Status::kReady);
  const PreflightResult wrong = Try(TlsContext(certificates_.File("ca.pem"), "other.test"));
  EXPECT_EQ(wrong.status, PreflightResult::Status::kUnreachable);
  EXPECT_THAT(wrong.error, testing::HasSubstr("certificate verify failed"));
}

TEST_F(TlsIntegrationTest, ACertificateOfAnotherCaIsRefused) {
  const Certificates others;
  const PreflightResult result = Try(TlsContext(others.File("ca.pem"), ""));
  EXPECT_EQ(result.status, PreflightResult::Status::kUnreachable);
  EXPECT_THAT(result.error, testing::HasSubstr("certificate verify failed"));
}

TEST_F(TlsIntegrationTest, AMissingCaFileIsAnErrorOfTheStart) {
  EXPECT_THROW(TlsContext("/nonexistent/ca.pem", ""), std::runtime_error);
}

}  // namespace
}  // namespace chaac
