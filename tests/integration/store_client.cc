// One loop's wiring to the store, without its HTTP side.
#include "tests/integration/store_client.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include "store/testing/replies.h"

namespace chaac {
namespace {

constexpr std::chrono::seconds kPatience{60};

std::string RandomWriterId() {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::random_device random;
  std::string id;
  for (int i = 0; i < 32; ++i) id += kDigits[random() % kDigits.size()];
  return id;
}

template <typename Container>
std::size_t PositionOf(const Container& container, const std::string& value) {
  return static_cast<std::size_t>(std::find(container.begin(), container.end(), value) -
                                  container.begin());
}

std::optional<double> Unscaled(std::optional<std::int64_t> hundredths) {
  if (!hundredths) return std::nullopt;
  return static_cast<double>(*hundredths) / 100;
}

}  // namespace

StoreClient::StoreClient(const Link::Environment* environment, const StoreOptions* options,
                         std::vector<std::string> municipalities)
    : municipalities_(std::move(municipalities)),
      options_(options),
      ingest_(
          {}, options,
          [this](MunicipalityIndex index) { return std::string_view(municipalities_[index]); },
          RandomWriterId, this, &ingest_metrics_),
      link_(&loop_, environment, "client", this, &link_metrics_) {
  loop_.OnTick([this] {
    link_.OnTick();
    ingest_.OnTick(loop_.Now(), link_.output());
  });
  loop_.AtRoundEnd([this] {
    const auto again_at = ingest_.Seal(loop_.Now(), loop_.WallNow(), link_.output());
    if (again_at) loop_.WakeBy(*again_at);
    if (!link_.output()->empty()) link_.Flush();
  });
  thread_ = std::thread([this] { loop_.Run(); });
}

StoreClient::~StoreClient() {
  loop_.Stop();
  thread_.join();
}

void StoreClient::SubmitOne(std::uint32_t number, const std::vector<ReferenceReport>& rows) {
  Submission* submission = ingest_.Acquire();
  submission->waiter.sequence = number;
  Decoded& decoded = submission->decoded;
  decoded.is_batch = true;
  std::size_t id_bytes = 0;
  for (const ReferenceReport& row : rows) id_bytes += row.id.size();
  decoded.ids.reserve(id_bytes);
  for (const ReferenceReport& row : rows) {
    Report report;
    report.municipality =
        static_cast<MunicipalityIndex>(PositionOf(municipalities_, row.municipality));
    if (!row.condition.empty()) {
      report.condition =
          static_cast<ConditionIndex>(PositionOf(options_->conditions, row.condition));
    }
    report.temperature_celsius = Unscaled(row.temperature_hundredths);
    report.humidity_percent = Unscaled(row.humidity_hundredths);
    const std::size_t begin = decoded.ids.size();
    decoded.ids += row.id;
    report.client_id = std::string_view(decoded.ids).substr(begin);
    report.digest = std::hash<std::string>()(row.municipality + row.condition) +
                    static_cast<std::uint64_t>(row.temperature_hundredths.value_or(0)) * 31 +
                    static_cast<std::uint64_t>(row.humidity_hundredths.value_or(0));
    decoded.row_index.push_back(static_cast<std::uint32_t>(decoded.reports.size()));
    decoded.reports.push_back(report);
  }
  ingest_.Submit(submission, loop_.Now());
}

std::vector<ClientOutcome> StoreClient::Submit(
    const std::vector<std::vector<ReferenceReport>>& requests) {
  {
    const std::lock_guard lock(mutex_);
    outcomes_.clear();
  }
  loop_.Post([&] {
    for (std::uint32_t i = 0; i < requests.size(); ++i) SubmitOne(i, requests[i]);
  });
  std::unique_lock lock(mutex_);
  const bool all =
      changed_.wait_for(lock, kPatience, [&] { return outcomes_.size() == requests.size(); });
  EXPECT_TRUE(all) << outcomes_.size() << " of " << requests.size() << " requests were answered";
  std::vector<ClientOutcome> outcomes;
  for (auto& [number, outcome] : outcomes_) outcomes.push_back(std::move(outcome));
  return outcomes;
}

bool StoreClient::AwaitConnected() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [this] { return connected_; });
}

void StoreClient::OnLinkUp() {
  ingest_.OnLinkUp(link_.node(), loop_.Now(), link_.output());
  const std::lock_guard lock(mutex_);
  connected_ = true;
  changed_.notify_all();
}

void StoreClient::OnLinkDown() {
  ingest_.OnLinkDown(loop_.Now());
  const std::lock_guard lock(mutex_);
  connected_ = false;
}

void StoreClient::OnLinkReply(const redisReply& reply) { ingest_.OnReply(reply, loop_.Now()); }

void StoreClient::OnOutcome(const Submission& submission) {
  const std::lock_guard lock(mutex_);
  outcomes_[submission.waiter.sequence] = {submission.failure, submission.accepted,
                                           submission.first_id, submission.decoded.rejections};
  changed_.notify_all();
}

}  // namespace chaac
