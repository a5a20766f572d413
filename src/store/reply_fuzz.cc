// Any bytes as a store's replies, cut anywhere: the reader ends in replies or an error, the same
// however the bytes are cut, and whoever takes replies takes any. The first byte is the size of the
// pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "store/handshake.h"
#include "store/writer.h"

namespace chaac {
namespace {

// Stops the fuzzer, which keeps the input.
void Require(bool holds) {
  if (!holds) std::abort();
}

void AppendText(const redisReply& reply, std::string* out) {
  out->append(std::to_string(reply.type)).append(TextOf(reply));
  for (std::size_t i = 0; i < SizeOf(reply); ++i) AppendText(ElementOf(reply, i), out);
}

// A writer that always has a batch in flight, so that every reply matters.
class BusyWriter {
 public:
  BusyWriter() { writer_.OnLinkUp({}, &sent_); }

  void Take(const redisReply& reply) {
    if (writer_.ReadyFor(1)) {
      [[maybe_unused]] const std::uint64_t id = writer_.TakeIds(1);
      std::string command = "batch";
      writer_.Send(&command, &sent_);
    }
    const bool awaited = writer_.AwaitsReply();
    const Fate fate = writer_.OnReply(reply);
    Require(awaited || fate == Fate::kUndecided);
    Require(fate == Fate::kUndecided || !writer_.InDoubt());
    writer_.OnTick(&sent_);
    sent_.clear();
  }

 private:
  static constexpr std::uint32_t kIdsBlock = 4;
  StoreOptions options_;
  WriterMetrics metrics_;
  std::uint64_t identities_ = 0;
  std::string sent_;
  Writer writer_{&options_, [this] { return std::to_string(++identities_); }, kIdsBlock, &metrics_};
};

// What the bytes say when they arrive in pieces of this size.
std::string Read(std::string_view bytes, std::size_t piece_bytes) {
  ReplyReader reader;
  Handshake handshake{Endpoint{}};
  std::string commands;
  handshake.Start(&commands);
  BusyWriter writer;
  std::string said;
  while (!bytes.empty()) {
    reader.Feed(bytes.substr(0, piece_bytes));
    bytes.remove_prefix(std::min(piece_bytes, bytes.size()));
    ReplyPtr reply;
    ReplyReader::Status status;
    while ((status = reader.Next(&reply)) == ReplyReader::Status::kReply) {
      AppendText(*reply, &said);
      said += std::to_string(static_cast<int>(handshake.OnReply(*reply)));
      writer.Take(*reply);
    }
    if (status == ReplyReader::Status::kProtocolError) return said + " then nonsense";
  }
  return said;
}

}  // namespace
}  // namespace chaac

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = chaac::Read(bytes, bytes.size());
  chaac::Require(chaac::Read(bytes, std::size_t{1} + data[0]) == whole);
  return 0;
}
