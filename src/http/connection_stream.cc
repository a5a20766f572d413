// Streamed answers of a connection: their head is in output_ (or waits with the request until its
// turn comes), their chunks are sent from where they are, behind it.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include "http/connection.h"

namespace chaac {
namespace {

void AppendChunk(const StreamChunk& chunk, StreamFraming framing, Buffer* out) {
  if (framing == StreamFraming::kChunked) out->Append(chunk.size_line());
  out->Append(chunk.bytes());
  if (framing == StreamFraming::kChunked) out->Append("\r\n");
}

}  // namespace

void Connection::RespondShared(std::uint32_t sequence, const Response& head,
                               std::shared_ptr<const StreamChunk> body) {
  PendingAnswer* const pending = answers_.Find(sequence);
  if (pending == nullptr) return;
  CloseIfLast(pending);
  context_->writer.AppendStreamHead(head, StreamFraming::kPlain, body->bytes().size(),
                                    pending->persistence, context_->loop->WallNow(),
                                    PlaceOf(pending));
  if (pending->body == BodyPart::kLeftOut) return Complete(pending);
  auto stream = std::make_unique<OpenStream>(StreamKind::kFinite, StreamFraming::kPlain, nullptr);
  stream->Put(std::move(body));
  stream->End();
  OpenPending(pending, std::move(stream));
}

StreamStart Connection::BeginStream(std::uint32_t sequence, const Response& head, StreamKind kind,
                                    StreamSource* source) {
  PendingAnswer* const pending = answers_.Find(sequence);
  if (pending == nullptr) return StreamStart::kOver;
  StreamFraming framing = StreamFraming::kChunked;
  if (pending->version == HttpVersion::kHttp11) {
    CloseIfLast(pending);
  } else {
    framing = StreamFraming::kPlain;
    AnswerNothingBehind(pending, sequence);
  }
  Buffer* const place = PlaceOf(pending);
  context_->writer.AppendStreamHead(head, framing, std::nullopt, pending->persistence,
                                    context_->loop->WallNow(), place);
  if (pending->body == BodyPart::kLeftOut) {
    Complete(pending);
    return StreamStart::kOver;
  }
  if (!head.body.empty()) AppendChunk({head.body, nullptr}, framing, place);
  auto stream = std::make_unique<OpenStream>(kind, framing, source);
  OpenPending(pending, std::move(stream));
  if (kind == StreamKind::kFinite) return StreamStart::kOpen;
  if (context_->phase == Phase::kDraining || peer_ended_) {
    EndStream(sequence);
    return StreamStart::kOver;
  }
  BoundSocket();
  return StreamStart::kOpen;
}

void Connection::OpenPending(PendingAnswer* pending, std::unique_ptr<OpenStream> stream) {
  pending->stream = std::move(stream);
  ++streams_;
  if (pending == &answers_.Front()) {
    MarkUnsent();
  } else {
    waiting_bytes_ += pending->bytes.size();
  }
}

StreamWrite Connection::WriteStream(std::uint32_t sequence,
                                    std::shared_ptr<const StreamChunk> chunk) {
  PendingAnswer* const pending = answers_.FindStream(sequence);
  if (pending == nullptr || pending->stream->ended()) return StreamWrite::kGone;
  if (pending != &answers_.Front() || pending->stream->has_chunk()) return StreamWrite::kNoRoom;
  pending->stream->Put(std::move(chunk));
  MarkUnsent();
  return StreamWrite::kTaken;
}

void Connection::EndStream(std::uint32_t sequence) {
  PendingAnswer* const pending = answers_.FindStream(sequence);
  if (pending == nullptr) return;
  pending->stream->End();
  if (pending->stream->has_chunk()) return;  // Which is the last now, and says so.
  const bool chunked = pending->stream->framing() == StreamFraming::kChunked;
  FinishStream(pending, chunked ? kLastChunk : std::string_view());
}

void Connection::CutStream(std::uint32_t sequence) {
  PendingAnswer* const pending = answers_.FindStream(sequence);
  if (pending == nullptr) return;
  pending->stream->End();
  Close();
}

// The stream has no chunk any more: with `tail`, its answer is complete.
void Connection::FinishStream(PendingAnswer* pending, std::string_view tail) {
  if (pending != &answers_.Front()) waiting_bytes_ -= pending->bytes.size();
  if (!tail.empty()) PlaceOf(pending)->Append(tail);
  pending->stream.reset();
  --streams_;
  Complete(pending);
}

// One chunk a round, so that a long answer leaves others their time.
void Connection::SendStreams() {
  AskForChunk();  // What it gives travels with the head.
  if (state_ == State::kClosed) return;
  OpenStream* const stream = FrontStream();
  std::array<iovec, 1 + OpenStream::kPiecesMax> pieces{};
  std::size_t count = 0;
  if (!output_.empty()) pieces[count++] = {.iov_base = output_.data(), .iov_len = output_.size()};
  if (stream != nullptr) count += stream->Pieces(&pieces[count]);
  if (count > 0) {
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    const ssize_t sent = sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (sent < 0 && !IsTransientSocketError(errno)) {
      return Close(errno == ETIMEDOUT ? StreamLoss::kTooSlow : StreamLoss::kClientGone);
    }
    if (sent > 0) NoteSent(static_cast<std::size_t>(sent));
    if (UnsentBytes() > 0) return;
    context_->buffers.Return(std::move(output_));
  }
  if (stream == nullptr || !stream->has_chunk()) return;
  stream->DropChunk();
  if (stream->ended()) {
    FinishStream(&answers_.Front(), {});
  } else {
    AskForChunk();
  }
}

void Connection::AskForChunk() {
  OpenStream* const stream = FrontStream();
  StreamSource* const source = stream == nullptr ? nullptr : stream->ToAsk();
  if (source == nullptr) return;
  source->OnStreamRoom({index_, generation_, answers_.front_sequence()});
}

// Ends those that would go on for ever. One that has a chunk left ends behind it.
void Connection::EndEndlessStreams(StreamLoss why) {
  std::uint32_t sequence = answers_.front_sequence();
  for (std::size_t left = answers_.size(); left > 0; --left, ++sequence) {
    PendingAnswer* const pending = answers_.FindStream(sequence);
    if (pending == nullptr || pending->stream->kind() == StreamKind::kFinite) continue;
    StreamSource* const source = pending->stream->End();
    EndStream(sequence);
    hurried_ = why == StreamLoss::kDraining;  // Listeners come back, to another server.
    if (source != nullptr) source->OnStreamGone({index_, generation_, sequence}, why);
  }
  if (drain_deadline_.armed()) ArmDrain();
}

// A body without framing lasts until the connection ends: it is the connection's last.
void Connection::AnswerNothingBehind(PendingAnswer* pending, std::uint32_t sequence) {
  pending->persistence = Persistence::kClose;
  EndInput();
  while (answers_.back_sequence() != sequence) {
    PendingAnswer& behind = answers_.Back();
    const std::unique_ptr<OpenStream> stream = std::move(behind.stream);
    if (behind.ready || stream != nullptr) waiting_bytes_ -= behind.bytes.size();
    context_->buffers.Return(std::move(behind.bytes));
    const RequestToken token{index_, generation_, answers_.back_sequence()};
    answers_.PopBack();
    if (stream == nullptr) continue;
    --streams_;
    if (StreamSource* const source = stream->End()) {
      source->OnStreamGone(token, StreamLoss::kClientGone);
    }
  }
}

// Who listens for hours and reads nothing costs no more than these; a listener that has vanished
// without a word is noticed.
void Connection::BoundSocket() {
  const auto bytes = static_cast<int>(context_->limits.endless_socket_bytes);
  setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  const auto timeout_ms = static_cast<unsigned>(context_->limits.send_timeout.count());
  setsockopt(fd_, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}

// Takes the streams away from their answers; returns those whose sources are to be told.
std::vector<Connection::LostStream> Connection::TakeStreams() {
  std::vector<LostStream> lost;
  if (streams_ == 0) return lost;
  std::uint32_t sequence = answers_.front_sequence();
  for (std::size_t left = answers_.size(); left > 0; --left, ++sequence) {
    PendingAnswer* const pending = answers_.FindStream(sequence);
    if (pending == nullptr) continue;
    StreamSource* const source = pending->stream->End();
    if (source != nullptr) lost.push_back({{index_, generation_, sequence}, source});
    pending->stream.reset();
    --streams_;
  }
  return lost;
}

OpenStream* Connection::FrontStream() {
  return answers_.empty() ? nullptr : answers_.Front().stream.get();
}

std::size_t Connection::UnsentBytes() {
  if (streams_ == 0) return output_.size();
  const OpenStream* const stream = FrontStream();
  return output_.size() + (stream == nullptr ? 0 : stream->BytesLeft());
}

// What an error that epoll reports means to streams.
StreamLoss Connection::LossOfSocket() const {
  int error = 0;
  socklen_t size = sizeof error;
  if (streams_ > 0) getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == ETIMEDOUT ? StreamLoss::kTooSlow : StreamLoss::kClientGone;
}

}  // namespace chaac
