// Beast's reading of a head, to hold ParseHead()'s against: for the fuzzer.
#pragma once

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <limits>
#include <string_view>

#include "http/head.h"

namespace chaac::testing {

class BeastHead final : public boost::beast::http::basic_parser<true> {
 public:
  // `head`: from the request line on.
  explicit BeastHead(std::string_view head) {
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(boost::none);
    boost::beast::error_code error;
    put({head.data(), head.size()}, error);
    accepted_ = !error && is_header_done();
  }

  // Whether it understands what `head`, whose spans count from `request`, says.
  [[nodiscard]] bool Agrees(const RequestHead& head, const char* request) const {
    namespace http = boost::beast::http;
    const std::size_t path_size = std::min(target_.find('?'), target_.size());
    const bool same_target =
        !target_.starts_with('/') ||  // Absolute form: its path is ours to find.
        (target_.substr(0, path_size) == head.path.In(request) &&
         target_.substr(std::min(path_size + 1, target_.size())) == head.query.In(request));
    const bool http_1_0 = head.version == HttpVersion::kHttp10;
    const std::uint64_t length =
        content_length() ? static_cast<std::uint64_t>(*content_length()) : 0;
    return accepted_ && same_target && version_ == (http_1_0 ? 10 : 11) &&
           (head.method == Method::kPost) == (verb_ == http::verb::post) &&
           (head.method == Method::kGet) == (verb_ == http::verb::get) &&
           chunked() == (head.framing == BodyFraming::kChunked) && length == head.content_length &&
           content_type_ == head.content_type.In(request) &&
           key_ == head.idempotency_key.In(request) &&
           (keep_alive() || head.persistence == Persistence::kClose);
  }

 private:
  using View = boost::beast::string_view;
  using Error = boost::beast::error_code;

  void on_request_impl(boost::beast::http::verb verb, View, View target, int version,
                       Error&) override {
    verb_ = verb;
    target_ = target;
    version_ = version;
  }
  void on_field_impl(boost::beast::http::field field, View name, View value, Error&) override {
    if (field == boost::beast::http::field::content_type) content_type_ = value;
    if (boost::beast::iequals(name, "Idempotency-Key")) key_ = value;
  }
  void on_response_impl(int, View, int, Error&) override {}
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(View, Error&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, View, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View, Error&) override { return 0; }
  void on_finish_impl(Error&) override {}

  bool accepted_ = false;
  boost::beast::http::verb verb_ = boost::beast::http::verb::unknown;
  std::string_view target_;
  int version_ = 0;
  std::string_view content_type_;
  std::string_view key_;
};

}  // namespace chaac::testing
