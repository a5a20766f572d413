// Commands out of a stream that is cut anywhere.
#include "store/testing/resp_server.h"

#include "store/testing/numbers.h"
#include "store/testing/reply_writer.h"

namespace chaac {
namespace {

constexpr std::int64_t kArgumentsMax = std::int64_t{1} << 20U;  // Valkey's own limits.
constexpr std::int64_t kBulkBytesMax = std::int64_t{512} << 20U;

}  // namespace

std::string RespServer::Feed(std::string_view bytes) {
  std::string replies;
  input_.append(bytes);
  while (!closed_ && ReadPart(&replies)) {
  }
  input_.erase(0, position_);
  position_ = 0;
  return replies;
}

bool RespServer::ReadPart(std::string* replies) {
  if (arguments_missing_ == 0) {
    const auto count = ReadHeader('*', replies);
    if (count && *count > 0) arguments_missing_ = static_cast<std::size_t>(*count);
    return count.has_value();
  }
  if (!bulk_bytes_) {
    const auto size = ReadHeader('$', replies);
    if (size) bulk_bytes_ = static_cast<std::size_t>(*size);
    return size.has_value();
  }
  if (input_.size() - position_ < *bulk_bytes_ + 2) return false;
  arguments_.emplace_back(input_, position_, *bulk_bytes_);
  position_ += *bulk_bytes_ + 2;
  bulk_bytes_.reset();
  if (--arguments_missing_ == 0) {
    Execute(replies);
    arguments_.clear();
  }
  return true;
}

void RespServer::Execute(std::string* replies) {
  if (arguments_.front() == "WAIT") {
    return ReplyWriter(replies).Integer(store_->ReplicasWith(last_write_));
  }
  const std::uint64_t before = store_->writes();
  const std::vector<std::string_view> views(arguments_.begin(), arguments_.end());
  store_->Execute(views, replies);
  if (store_->writes() != before) last_write_ = store_->writes();
}

std::optional<std::int64_t> RespServer::ReadHeader(char type, std::string* replies) {
  const auto fail = [this, replies](const std::string& what) {
    ReplyWriter(replies).Error("ERR Protocol error: " + what);
    closed_ = true;
    return std::nullopt;
  };
  const auto line_end = input_.find("\r\n", position_);
  if (line_end == std::string::npos) return std::nullopt;
  if (input_[position_] != type) {
    return fail(std::string("expected '") + type + "', got '" + input_[position_] + "'");
  }
  const auto first = position_ + 1;
  const auto number = ParseInteger(std::string_view(input_).substr(first, line_end - first));
  const bool is_array = type == '*';
  if (!number || *number > (is_array ? kArgumentsMax : kBulkBytesMax) ||
      (!is_array && *number < 0)) {
    return fail(is_array ? "invalid multibulk length" : "invalid bulk length");
  }
  position_ = line_end + 2;
  return number;
}

}  // namespace chaac
