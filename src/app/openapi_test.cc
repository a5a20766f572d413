// The contract that the server shows, api/openapi.yaml, names what the code serves.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/version.h"
#include "http/read_endpoints.h"
#include "http/routes.h"

namespace chaac {
namespace {

class OpenApiTest : public ::testing::Test {
 protected:
  OpenApiTest() { contract_ = parser_.parse(kOpenApiJson.data(), kOpenApiJson.size()); }

  simdjson::dom::parser parser_;
  simdjson::dom::element contract_;
};

TEST_F(OpenApiTest, NamesThisVersion) {
  EXPECT_EQ(std::string_view(contract_["info"]["version"]), kVersion);
}

TEST_F(OpenApiTest, NamesEveryRouteAndItsMethod) {
  std::set<std::string> described;
  for (const auto& [path, operations] : simdjson::dom::object(contract_["paths"])) {
    for (const auto& [method, operation] : simdjson::dom::object(operations)) {
      if (method != "servers") described.insert(std::string(method) + " " + std::string(path));
    }
  }
  std::set<std::string> served;
  for (std::size_t i = 0; i < kRouteCount; ++i) {
    const auto route = static_cast<Route>(i);
    if (route == Route::kOther) continue;
    const std::string method = Allows(route, Method::kPost) ? "post " : "get ";
    served.insert(method + std::string(PathOf(route)));
  }
  EXPECT_EQ(described, served);
}

TEST_F(OpenApiTest, NamesEveryProblemTypeWithItsStatus) {
  std::set<std::string> described;
  const simdjson::dom::element types = contract_["components"]["schemas"]["ProblemType"]["oneOf"];
  for (const simdjson::dom::element type : simdjson::dom::array(types)) {
    const std::string_view name = type["const"];
    const std::string_view status_first = type["description"];
    described.insert(std::string(status_first.substr(0, 3)).append(" ").append(name));
  }
  std::set<std::string> known;
  for (std::size_t i = 0; i < kErrorCodeCount; ++i) {
    const ErrorTraits& traits = TraitsOf(static_cast<ErrorCode>(i));
    known.insert(std::to_string(traits.http_status) + " " + std::string(traits.type));
  }
  EXPECT_EQ(described, known);
}

}  // namespace
}  // namespace chaac
