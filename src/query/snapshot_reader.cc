// One question a second.
#include "query/snapshot_reader.h"

#include <utility>

#include "base/log.h"
#include "store/library.h"

namespace chaac {

SnapshotReader::SnapshotReader(EventLoop* loop, const Link::Environment* environment,
                               const StoreOptions& store_options, SnapshotOptions options,
                               SnapshotBoard* board, LinkMetrics* metrics)
    : loop_(loop),
      maker_(std::move(options)),
      board_(board),
      link_(loop, environment, "snapshots", this, metrics) {
  AppendCommand({"FCALL_RO", "chaac_snapshot_v1", "1", kIndexKey, OptionsText(store_options)},
                &command_);
}

void SnapshotReader::OnTick() {
  link_.OnTick();
  if (!link_.IsUp()) return;
  const auto since = loop_->Now() - asked_at_;
  if (asked_ && since >= kReplyTimeout) {
    link_.Reconnect("no answer in time");
  } else if (!asked_ && since >= kInterval) {
    Ask();
  }
}

void SnapshotReader::OnLinkUp() { Ask(); }

void SnapshotReader::OnLinkDown() { asked_ = false; }

void SnapshotReader::Ask() {
  asked_ = true;
  asked_at_ = loop_->Now();
  link_.output()->append(command_);
  link_.Flush();
}

void SnapshotReader::OnLinkReply(const redisReply& reply) {
  asked_ = false;
  Result<Snapshot> snapshot = maker_.Make(reply, number_ + 1, loop_->WallNow(), loop_->Now());
  if (snapshot) {
    last_error_.clear();
    ++number_;
    board_->Publish(std::make_shared<const Snapshot>(std::move(*snapshot)));
  } else if (snapshot.error().detail != last_error_) {
    last_error_ = snapshot.error().detail;
    LogWarning("the statistics cannot be read, retrying", {{"error.message", last_error_}});
  }
  // The handshake of a new connection loads the library; commits do so by themselves.
  if (IsFunctionMissing(reply)) link_.Reconnect("the function library is gone");
}

}  // namespace chaac
