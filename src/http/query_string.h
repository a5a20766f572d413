// QueryString: the parameters of a request's target (RFC 3986), decoded strictly. '+' is itself, so
// that a time stamp's offset may be written as it is; a space is %20. Views are valid as long as
// this.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace chaac {

// "a%2Fb" is "a/b". Errors: kMalformedUri when a '%' is not followed by two hexadecimal digits.
[[nodiscard]] Result<std::string> PercentDecode(std::string_view text);

class QueryString {
 public:
  // `query`: what follows '?', without it. Errors: kMalformedUri for an escape that is none or a
  // parameter given twice; kInvalidParameter for one that is not `known`, which are allowed.
  [[nodiscard]] static Result<QueryString> Parse(std::string_view query,
                                                 std::span<const std::string_view> known);

  // The value of a parameter; empty when it was given without one.
  [[nodiscard]] std::optional<std::string_view> Find(std::string_view name) const;

 private:
  struct Parameter {
    std::string name;
    std::string value;
  };

  std::vector<Parameter> parameters_;  // At most as many as are known.
};

}  // namespace chaac
