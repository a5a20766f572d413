// The wiring of one loop, in the order in which a report passes.
#include "app/loop.h"

#include <fmt/format.h>
#include <openssl/rand.h>
#include <pthread.h>

#include <array>
#include <stdexcept>

#include "base/log.h"

namespace chaac {
namespace {

constexpr std::string_view kReadOnly = "READONLY ";

// 128 random bits in hexadecimal.
std::string NewWriterId() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("the system has no randomness to give");
  }
  std::string id;
  for (const unsigned char byte : bytes) id += fmt::format(FMT_STRING("{:02x}"), byte);
  return id;
}

Municipalities MakeMunicipalities(const LoopSettings& settings) {
  return settings.catalogue != nullptr ? Municipalities(settings.catalogue)
                                       : Municipalities::Open(settings.store.municipalities_max);
}

}  // namespace

Loop::Loop(std::uint32_t number, const LoopSettings* settings)
    : number_(number),
      municipalities_(MakeMunicipalities(*settings)),
      decoder_(&municipalities_, settings->conditions, settings->decoder),
      responder_(&loop_, &metrics_.routes),
      weather_(&loop_, &decoder_, &responder_, &metrics_.ingest),
      reads_(&loop_, settings->board, settings->readiness, &responder_),
      finder_(settings->catalogue),
      asker_(&loop_, settings->queries),
      queries_(&loop_, settings->board, &finder_, &asker_, &responder_),
      exports_(&loop_, settings->board, &finder_, &asker_, &responder_),
      stream_(&loop_, settings->board, settings->listeners, &responder_, &metrics_.stream),
      page_(settings->assets, &responder_),
      api_({.weather = &weather_,
            .reads = &reads_,
            .queries = &queries_,
            .exports = &exports_,
            .stream = &stream_,
            .page = &page_},
           &responder_),
      ingest_(
          settings->ingest, &settings->store,
          [this](MunicipalityIndex index) { return municipalities_.Slug(index); }, NewWriterId,
          &weather_, &metrics_.ingest),
      link_(&loop_, settings->link, fmt::format("loop-{}", number), this, &metrics_.link) {
  weather_.Attach(&ingest_);
  loop_.OnTick([this] { OnTick(); });
  // The commit leaves before the server's hook sends the answers: Valkey works meanwhile.
  loop_.AtRoundEnd([this] { AtRoundEnd(); });
  server_.emplace(&loop_, settings->address, settings->http, &api_, &metrics_.http);
  responder_.Attach(&*server_);
}

Loop::~Loop() {
  // A start that failed midway: nothing else would end the thread.
  if (!drain_asked_) loop_.Stop();
  if (thread_.joinable()) thread_.join();
}

void Loop::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Loop::Run() {
  pthread_setname_np(pthread_self(), fmt::format("loop-{}", number_).c_str());
  loop_.Run();
}

void Loop::AnnounceClose() {
  loop_.Post([this] { server_->AnnounceClose(); });
}

void Loop::Drain(MonotonicTime deadline) {
  drain_asked_ = true;
  loop_.Post([this, deadline] {
    draining_ = true;
    drain_deadline_ = deadline;
    server_->Drain();
  });
}

void Loop::OnTick() {
  const MonotonicTime now = loop_.Now();
  link_.OnTick();
  ingest_.OnTick(now, link_.output());
  stream_.OnTick();
  if (municipalities_.WantsRoom() && ingest_.Empty()) {
    // Names that came once, or that the store refused, must not keep others out until the restart.
    municipalities_.Forget();
    ingest_.ForgetMunicipalities();
  }
  if (ingest_.ReplyIsOverdue(now)) link_.Reconnect("no answer in time");
  if (draining_ && now >= drain_deadline_) {
    LogWarning("drain budget used up: requests are cut off", {{"chaac.loop", number_}});
    loop_.Stop();
  }
}

// All that arrived in this round leaves together.
void Loop::AtRoundEnd() {
  const auto again_at = ingest_.Seal(loop_.Now(), loop_.WallNow(), link_.output());
  if (again_at) loop_.WakeBy(*again_at);
  if (!link_.output()->empty()) link_.Flush();
  stream_.AtRoundEnd();
  if (draining_ && server_->Idle() && ingest_.Idle()) loop_.Stop();
}

void Loop::OnLinkUp() { ingest_.OnLinkUp(link_.node(), loop_.Now(), link_.output()); }

void Loop::OnLinkDown() { ingest_.OnLinkDown(loop_.Now()); }

void Loop::OnLinkReply(const redisReply& reply) {
  ingest_.OnReply(reply, loop_.Now());
  // A primary that became a replica: the handshake of a new connection waits for a primary.
  if (IsError(reply) && TextOf(reply).substr(0, kReadOnly.size()) == kReadOnly) {
    link_.Reconnect("the store has become a replica");
  }
}

}  // namespace chaac
