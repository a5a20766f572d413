// Each event does one read or one send; everything answered in a round leaves with one send.
#include "http/connection.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "http/problem.h"

namespace chaac {
namespace {

constexpr std::size_t kReadBytesMax = std::size_t{64} * 1024;  // Of one connection in one round.
constexpr std::size_t kReadBytesMin = 512;  // Room below this is not worth a system call.
// How long, and for how many bytes, a client may go on sending after the last answer: closing at
// once would reset the connection and destroy that answer on its way (RFC 9112, 9.6).
constexpr std::chrono::milliseconds kLingerTimeout{2'000};
// How long a connection without a request yet may still send its first when draining begins. It was
// opened in good faith: closing at once would reset it with that request on its way.
constexpr std::chrono::milliseconds kFirstRequestTimeout{1'000};
constexpr std::size_t kLingerBytesMax = std::size_t{16} * 1024 * 1024;

constexpr std::string_view kContinueLine = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

ConnectionContext::ConnectionContext(EventLoop* event_loop, const HttpLimits& http_limits,
                                     RequestHandler* request_handler, HttpMetrics* http_metrics)
    : loop(event_loop),
      limits(http_limits),
      handler(request_handler),
      metrics(http_metrics),
      read_bytes(kReadBytesMax + kRequestPaddingBytes),
      idle(http_limits.idle_timeout),
      receive(http_limits.receive_timeout),
      send(http_limits.send_timeout),
      drain(http_limits.drain_timeout()),
      linger(kLingerTimeout),
      first(kFirstRequestTimeout) {}

Connection::Connection(ConnectionContext* context, std::uint32_t index)
    : context_(context), index_(index) {}

Connection::~Connection() {
  if (state_ != State::kClosed) Close();
}

void Connection::Open(int fd) {
  fd_ = fd;
  state_ = State::kOpen;
  watched_ = EPOLLIN;
  context_->loop->Add(fd_, watched_, this);
  context_->idle.Arm(&input_deadline_, context_->loop->Now());
  context_->metrics->connections_open.Add(1);
}

void Connection::Close(StreamLoss why) {
  const std::vector<LostStream> lost = TakeStreams();
  context_->loop->Remove(fd_);
  close(std::exchange(fd_, -1));
  state_ = State::kClosed;
  ++generation_;
  paused_ = receiving_ = peer_ended_ = unsent_ = hurried_ = asked_ = false;
  reader_.Reset();
  context_->buffers.Return(std::move(input_));
  CountInput();
  context_->buffers.Return(std::move(output_));
  answers_.Clear();
  waiting_bytes_ = lingered_bytes_ = 0;
  input_deadline_.Disarm();
  output_deadline_.Disarm();
  drain_deadline_.Disarm();
  context_->free.push_back(index_);
  context_->metrics->connections_open.Add(-1);
  for (const LostStream& stream : lost) stream.source->OnStreamGone(stream.token, why);
}

void Connection::OnEvents(std::uint32_t epoll_events) {
  if ((epoll_events & EPOLLERR) != 0) return Close(LossOfSocket());  // Nothing more can be sent.
  if (state_ == State::kLingering) return Discard();
  if ((epoll_events & EPOLLOUT) != 0) {
    Send();
    if (state_ == State::kOpen && paused_ && HasRoom(2)) {
      paused_ = false;
      ReadRequests();
      if (context_->phase == Phase::kDraining) Drain();
    }
  } else if ((watched_ & EPOLLIN) != 0) {
    Receive();
  } else if ((epoll_events & EPOLLHUP) != 0) {
    return Close();  // Comes unasked: both directions are shut.
  }
  if (state_ != State::kClosed) Watch();
}

void Connection::Receive() {
  const bool in_shared = input_.empty();
  if (!in_shared && !InputMayGrow()) return RefuseForMemory();
  char* const to = in_shared ? context_->read_bytes.data() : input_.Reserve(kReadBytesMin);
  const std::size_t room = in_shared ? kReadBytesMax : std::min(input_.room(), kReadBytesMax);
  const ssize_t received = recv(fd_, to, room, 0);
  if (received < 0) {
    if (!IsTransientSocketError(errno)) Close();
    return;
  }
  if (received == 0) return ReceiveEnd();
  asked_ = true;
  auto size = static_cast<std::size_t>(received);
  context_->metrics->bytes_received.Add(size);
  if (!in_shared) {
    input_.Commit(size);
    CountInput();
    return ReadRequests();
  }
  const std::size_t done = ReadFrom(to, &size);
  if (done == size) return;
  input_ = context_->buffers.Take();
  input_.Append({to + done, size - done});
}

void Connection::ReceiveEnd() {
  peer_ended_ = true;
  if (receiving_) {
    Refuse(
        {ErrorCode::kMalformedHttp, "The connection ended before the request was complete.", {}});
  }
  EndInput();
  if (streams_ > 0) EndEndlessStreams(StreamLoss::kClientGone);
  if (answers_.empty() && output_.empty()) Close();
}

void Connection::ReadRequests() {
  std::size_t size = input_.size();
  const std::size_t done = ReadFrom(input_.data(), &size);
  input_.Truncate(size);
  input_.Consume(done);
  if (input_.empty()) {
    context_->buffers.Return(std::move(input_));
  } else if (done > 0 && input_.capacity() > BufferPool::kSpareBytesMax) {
    Buffer smaller = context_->buffers.Take();  // A large request leaves no memory to the next one.
    smaller.Append(input_.view());
    input_ = std::move(smaller);
  }
  CountInput();
}

// Whether the buffers of all connections leave room for what the next Reserve() takes.
bool Connection::InputMayGrow() const {
  const std::size_t capacity = input_.CapacityWith(kReadBytesMin);
  return capacity == input_.capacity() || capacity <= kReadBytesMax ||
         context_->large_input_bytes - large_input_bytes_ + capacity <=
             context_->limits.buffered_bytes_max;
}

// To be called when input_ has another capacity.
void Connection::CountInput() {
  context_->large_input_bytes -= large_input_bytes_;
  large_input_bytes_ = input_.capacity() > kReadBytesMax ? input_.capacity() : 0;
  context_->large_input_bytes += large_input_bytes_;
}

void Connection::RefuseForMemory() {
  context_->buffers.Return(std::move(input_));  // Now, not when the answer is sent.
  CountInput();
  Refuse({ErrorCode::kServerBusy,
          "Too many large requests are arriving at once; send this one again later.",
          {}});
}

// Reads requests from bytes[0, *size). Returns how many bytes are done with; those up to *size,
// which may be smaller afterwards, are to be kept.
std::size_t Connection::ReadFrom(char* bytes, std::size_t* size) {
  std::size_t done = 0;
  bool finished_any = false;
  while (done < *size && state_ == State::kOpen) {
    if (!HasRoom(1)) {
      paused_ = true;
      break;
    }
    Error refusal{};
    const auto progress = reader_.Read(bytes + done, *size - done, context_->limits, &refusal);
    if (progress.outcome == RequestReader::Outcome::kIncomplete) {
      *size = done + progress.size;
      break;
    }
    if (progress.outcome == RequestReader::Outcome::kRefused) {
      Refuse(refusal);
      break;
    }
    finished_any = true;
    more_read_ = done + progress.size < *size;
    Take(bytes + done);
    more_read_ = false;
    done += progress.size;
    reader_.Reset();
  }
  if (state_ != State::kOpen) done = *size;  // What follows is not read as requests any more.
  KeepReceiveDeadline(done < *size && !paused_, finished_any);
  ContinueIfDue();
  return done;
}

void Connection::Take(const char* request) {
  const RequestHead& head = reader_.head();
  const std::uint32_t sequence = answers_.Push(
      head.persistence, head.method == Method::kHead ? BodyPart::kLeftOut : BodyPart::kSent,
      head.version);
  if (head.persistence == Persistence::kClose) EndInput();
  const Request view{.method = head.method,
                     .path = head.path.In(request),
                     .query = head.query.In(request),
                     .body = reader_.Body(request),
                     .content_type = head.content_type.In(request),
                     .accept = head.accept.In(request),
                     .accept_encoding = head.accept_encoding.In(request),
                     .if_none_match = head.if_none_match.In(request),
                     .idempotency_key = head.idempotency_key.In(request),
                     .content_encoding = head.content_encoding.In(request)};
  context_->handler->OnRequest(view, {index_, generation_, sequence});
}

// Answers in the place of the handler, in the order of requests, and ends the connection.
void Connection::Refuse(const Error& error) {
  context_->metrics->refused[static_cast<std::size_t>(error.code)].Add();
  EndInput();
  RespondError(answers_.Push(Persistence::kClose, BodyPart::kSent), error, {});
}

void Connection::EndInput() {
  state_ = State::kEnding;
  KeepReceiveDeadline(false, false);
}

// "100 Continue" belongs behind the answers to all requests before.
void Connection::ContinueIfDue() {
  if (!reader_.AwaitsContinue() || !answers_.empty() || state_ != State::kOpen) return;
  if (output_.empty()) output_ = context_->buffers.Take();
  output_.Append(kContinueLine);
  reader_.ContinueSent();
  MarkUnsent();
}

// receive_timeout runs from a request's first byte, so that no trickle of bytes prolongs it.
void Connection::KeepReceiveDeadline(bool partial, bool finished_any) {
  if (partial && (finished_any || !receiving_)) {
    context_->receive.Arm(&input_deadline_, context_->loop->Now());
  } else if (!partial && receiving_) {
    context_->idle.Arm(&input_deadline_, context_->loop->Now());
  }
  receiving_ = partial;
}

void Connection::Respond(std::uint32_t sequence, const Response& response) {
  PendingAnswer* const pending = answers_.Find(sequence);
  if (pending == nullptr) return;
  CloseIfLast(pending);
  context_->writer.Append(response, pending->body, pending->persistence, context_->loop->WallNow(),
                          PlaceOf(pending));
  Complete(pending);
}

// An answer that is the last before the server stops says so.
void Connection::CloseIfLast(PendingAnswer* pending) {
  // Requests behind it may have been read already: the last of them is the last.
  const bool is_last = answers_.size() == 1 && !more_read_ && !paused_;
  if (!is_last || context_->phase == Phase::kServing) return;
  pending->persistence = Persistence::kClose;
  EndInput();
}

// Where the bytes of an answer go.
Buffer* Connection::PlaceOf(PendingAnswer* pending) {
  Buffer* const place = pending == &answers_.Front() ? &output_ : &pending->bytes;
  if (place->empty()) *place = context_->buffers.Take();
  return place;
}

// All bytes of `pending` are in their place. It is gone afterwards.
void Connection::Complete(PendingAnswer* pending) {
  pending->ready = true;
  if (pending == &answers_.Front()) {
    answers_.PopFront();
    MoveReadyAnswers();
    MarkUnsent();
  } else {
    waiting_bytes_ += pending->bytes.size();
  }
}

void Connection::RespondError(std::uint32_t sequence, const Error& error,
                              std::string_view extra_headers) {
  const int status = TraitsOf(error.code).http_status;
  const std::string body = ProblemBody(error);
  const std::string headers = fmt::format("{}{}", RetryAfterLine(status), extra_headers);
  Respond(sequence, {.status = status,
                     .content_type = kProblemContentType,
                     .body = body,
                     .extra_headers = headers});
}

void Connection::MoveReadyAnswers() {
  while (!answers_.empty() && (answers_.Front().ready || answers_.Front().stream != nullptr)) {
    Buffer bytes = std::move(answers_.Front().bytes);
    waiting_bytes_ -= bytes.size();
    output_.Append(bytes.view());
    context_->buffers.Return(std::move(bytes));
    if (!answers_.Front().ready) break;  // A stream's turn has come: chunks follow its head.
    answers_.PopFront();
  }
  ContinueIfDue();
}

void Connection::MarkUnsent() {
  if (unsent_ || sending_) return;
  unsent_ = true;
  context_->unsent.push_back(this);
}

void Connection::SendUnsent() {
  if (!std::exchange(unsent_, false)) return;  // Closed since, perhaps opened again.
  if ((watched_ & EPOLLOUT) != 0) return;  // An earlier send was short: epoll says when to go on.
  Send();
  if (state_ != State::kClosed) Watch();
}

void Connection::Send() {
  if (streams_ > 0) {
    sending_ = true;
    SendStreams();
    sending_ = false;
  } else if (!output_.empty()) {
    const ssize_t sent = send(fd_, output_.data(), output_.size(), MSG_NOSIGNAL);
    if (sent < 0 && !IsTransientSocketError(errno)) return Close();
    if (sent > 0) NoteSent(static_cast<std::size_t>(sent));
    if (output_.empty()) context_->buffers.Return(std::move(output_));
  }
  if (state_ == State::kClosed || !output_.empty() || !answers_.empty()) return;
  answers_.Trim();
  // An answer that was ready before draining began did not say that it is the last.
  const bool drained = context_->phase == Phase::kDraining && !receiving_ && !paused_;
  if (state_ == State::kEnding || drained) return EndOutput();
  if (!receiving_) context_->idle.Arm(&input_deadline_, context_->loop->Now());
}

void Connection::NoteSent(std::size_t bytes) {
  context_->metrics->bytes_sent.Add(bytes);
  const std::size_t of_output = std::min(bytes, output_.size());
  output_.Consume(of_output);
  if (bytes > of_output) FrontStream()->NoteSent(bytes - of_output);
  if (!output_deadline_.armed()) return;
  context_->send.Arm(&output_deadline_, context_->loop->Now());
  drain_bytes_ -= std::min(bytes, drain_bytes_);
  if (drain_bytes_ == 0) ArmDrain();
}

// drain_timeout is for what is pending now: who reads on and on may have output pending for ever.
void Connection::ArmDrain() {
  drain_bytes_ = UnsentBytes();
  DeadlineList<Connection>& list = hurried_ ? context_->linger : context_->drain;
  list.Arm(&drain_deadline_, context_->loop->Now());
}

void Connection::EndOutput() {
  drain_deadline_.Disarm();
  if (peer_ended_) return Close();
  shutdown(fd_, SHUT_WR);
  state_ = State::kLingering;
  input_deadline_.Disarm();
  context_->buffers.Return(std::move(input_));
  CountInput();
  context_->linger.Arm(&output_deadline_, context_->loop->Now());
}

void Connection::Discard() {
  const ssize_t received = recv(fd_, context_->read_bytes.data(), kReadBytesMax, 0);
  if (received < 0 && IsTransientSocketError(errno)) return;
  if (received > 0) lingered_bytes_ += static_cast<std::size_t>(received);
  if (received <= 0 || lingered_bytes_ > kLingerBytesMax) Close();
}

// Asks epoll for what is of use now. EPOLLOUT also wakes a paused connection that may go on: its
// next requests may be in input_, where epoll does not see them, and are best read in a round of
// their own.
void Connection::Watch() {
  if (unsent_) return;  // Decided after that was sent, at the end of the round.
  std::uint32_t wanted = 0;
  if (state_ == State::kLingering || (state_ == State::kOpen && !paused_)) wanted |= EPOLLIN;
  if (UnsentBytes() > 0 || (paused_ && HasRoom(2))) wanted |= EPOLLOUT;
  if (wanted == watched_) return;
  watched_ = wanted;
  context_->loop->Modify(fd_, wanted);
  if (state_ == State::kLingering) return;  // output_deadline_ is in `linger`.
  if ((wanted & EPOLLOUT) == 0) {
    output_deadline_.Disarm();
    drain_deadline_.Disarm();
  } else if (!output_deadline_.armed()) {
    context_->send.Arm(&output_deadline_, context_->loop->Now());
    ArmDrain();
  }
}

// Whether more requests may be read: with less than 1/divisor of the limits unanswered and unsent.
bool Connection::HasRoom(std::size_t divisor) const {
  return answers_.size() * divisor < context_->limits.pipeline_max &&
         (output_.size() + waiting_bytes_) * divisor < context_->limits.output_bytes_max;
}

void Connection::Drain() {
  if (streams_ > 0) EndEndlessStreams(StreamLoss::kDraining);
  const bool is_idle =
      state_ == State::kOpen && !receiving_ && !paused_ && answers_.empty() && output_.empty();
  if (!is_idle) return;  // Its last answer will end it.
  Receive();  // A request that has arrived is served; closing would reset the connection.
  if (state_ == State::kClosed) return;
  if (state_ == State::kOpen && !receiving_ && answers_.empty() && output_.empty()) {
    if (asked_) return Close();
    context_->first.Arm(&input_deadline_, context_->loop->Now());
  }
  Watch();
}

void Connection::OnIdleTimeout() {
  if (answers_.empty() && output_.empty()) return Close();
  context_->idle.Arm(&input_deadline_, context_->loop->Now());
}

void Connection::OnReceiveTimeout() {
  context_->metrics->timeouts.Add();
  const auto limit_ms = context_->limits.receive_timeout.count();
  Refuse({ErrorCode::kRequestTimeout,
          fmt::format("The request was not complete {} ms after its first byte.", limit_ms),
          {}});
  Watch();
}

void Connection::OnSendTimeout() {
  context_->metrics->timeouts.Add();
  Close(StreamLoss::kTooSlow);
}

}  // namespace chaac
