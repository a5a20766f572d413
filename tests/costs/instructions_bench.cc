// What reports cost in instructions: a fixed stream of them goes from the bytes of their requests
// to those of the commits, without sockets. Run by callgrind, which counts in the phase that is
// named alone: head, decode or batch. script/costs does that, and compares. In all cases it fails
// when a report is not committed, or not in a batch of the size that is measured.
#include <valgrind/callgrind.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_reader.h"
#include "ingest/ingest.h"
#include "report/catalogue.h"
#include "report/conditions.h"
#include "report/decoder.h"
#include "report/municipalities.h"
#include "store/resp.h"
#include "tests/costs/report_stream.h"

namespace chaac {
namespace {

constexpr std::size_t kBatchReports = 64;  // As of 64 connections.
constexpr std::size_t kBatches = 100;
constexpr WallTime kWallNow{std::chrono::seconds(1'795'000'000)};

void Require(bool is_so, const char* what) {
  if (is_so) return;
  std::fprintf(stderr, "%s\n", what);
  std::exit(EXIT_FAILURE);
}

// What Valkey answers to the commands in `sent`.
std::string RepliesTo(std::string_view sent) {
  std::string replies;
  for (std::size_t at = 0; (at = sent.find("\r\nchaac_", at)) != std::string_view::npos; ++at) {
    const std::string_view function = sent.substr(at + 2);
    if (function.starts_with("chaac_lease_v1")) replies += ":1795000000000000\r\n";
    if (function.starts_with("chaac_open_v1")) replies += "+OPENED\r\n";
    if (function.starts_with("chaac_commit_v1")) replies += "+APPLIED\r\n";
  }
  return replies;
}

// The parts of a server's loop that a report passes, driven by hand. Every phase handles all
// requests of the stream before the next begins.
class Path final : private OutcomeListener {
 public:
  Path() {
    ingest_.OnLinkUp({}, now_, &sent_);
    AnswerStore();
  }

  // Sends the stream of `seed` along; callgrind counts in `counted_phase` alone.
  void Run(std::uint64_t seed, std::string_view counted_phase) {
    std::string requests;
    ReportStream stream(seed);
    for (std::size_t i = 0; i < kBatches * kBatchReports; ++i) requests += stream.NextRequest();
    const std::size_t size = requests.size();
    requests.resize(size + kRequestPaddingBytes);
    accepted_ = 0;
    ReadHeads(requests.data(), size, counted_phase == "head");
    DecodeBodies(counted_phase == "decode");
    Commit(counted_phase == "batch");
  }

 private:
  void ReadHeads(char* bytes, std::size_t size, bool is_counted) {
    bodies_.clear();
    bodies_.reserve(kBatches * kBatchReports);
    if (is_counted) CALLGRIND_TOGGLE_COLLECT;
    while (size > 0) {
      Error refusal{};
      const auto progress = reader_.Read(bytes, size, http_limits_, &refusal);
      Require(progress.outcome == RequestReader::Outcome::kComplete, "a request was not read");
      bodies_.push_back(reader_.Body(bytes));
      bytes += progress.size;
      size -= progress.size;
      reader_.Reset();
    }
    if (is_counted) CALLGRIND_TOGGLE_COLLECT;
  }

  void DecodeBodies(bool is_counted) {
    submissions_.clear();
    for (std::size_t i = 0; i < bodies_.size(); ++i) submissions_.push_back(ingest_.Acquire());
    if (is_counted) CALLGRIND_TOGGLE_COLLECT;
    for (std::size_t i = 0; i < bodies_.size(); ++i) {
      Decoded* decoded = &submissions_[i]->decoded;
      Require(decoder_.Decode(bodies_[i], BodyFormat::kJson, {}, kWallNow, decoded).has_value(),
              "a report was refused");
    }
    if (is_counted) CALLGRIND_TOGGLE_COLLECT;
  }

  void Commit(bool is_counted) {
    for (std::size_t begin = 0; begin < submissions_.size(); begin += kBatchReports) {
      now_ += std::chrono::milliseconds(1);
      if (is_counted) CALLGRIND_TOGGLE_COLLECT;
      for (std::size_t i = begin; i < begin + kBatchReports; ++i) {
        ingest_.Submit(submissions_[i], now_);
      }
      ingest_.Seal(now_, kWallNow, &sent_);
      if (is_counted) CALLGRIND_TOGGLE_COLLECT;
      AnswerStore();
      Require(accepted_ == begin + kBatchReports, "a batch was not committed whole, at once");
    }
  }

  void AnswerStore() {
    replies_.Feed(RepliesTo(sent_));
    sent_.clear();
    for (ReplyPtr reply; replies_.Next(&reply) == ReplyReader::Status::kReply;) {
      ingest_.OnReply(*reply, now_);
    }
  }

  void OnOutcome(const Submission& submission) override { accepted_ += submission.accepted; }

  Catalogue catalogue_ = Catalogue::BuiltIn();
  Municipalities municipalities_{&catalogue_};
  StoreOptions options_{.conditions = Conditions::DefaultSlugs()};
  Conditions conditions_{options_.conditions};
  HttpLimits http_limits_;
  RequestReader reader_;
  Decoder decoder_{&municipalities_, &conditions_, {}};
  IngestMetrics metrics_;
  Ingest ingest_{{},
                 &options_,
                 [this](MunicipalityIndex index) { return municipalities_.Slug(index); },
                 [] { return std::string(32, 'a'); },
                 this,
                 &metrics_};
  ReplyReader replies_;
  MonotonicTime now_{std::chrono::hours(1000)};
  std::string sent_;
  std::vector<std::string_view> bodies_;
  std::vector<Submission*> submissions_;
  std::uint64_t accepted_ = 0;
};

}  // namespace
}  // namespace chaac

int main(int argc, char** argv) {
  chaac::Path path;
  path.Run(1, "none");  // Memory grows to what is needed.
  path.Run(2, argc > 1 ? argv[1] : "none");
  std::printf("%s %s %zu\n", CHAAC_COMPILER, CHAAC_ARCHITECTURE,
              chaac::kBatches * chaac::kBatchReports);
  return EXIT_SUCCESS;
}
