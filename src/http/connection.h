// Connection: one client of an HttpServer, from accept to close. Reads requests, hands them to the
// handler, keeps their answers in order and sends them, streamed ones too. Its object outlives its
// socket: the server uses it again. Not thread-safe: everything happens on the loop's thread.
// Limits: HttpLimits; idle, it holds no buffer.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/event_loop.h"
#include "http/answer_queue.h"
#include "http/buffer.h"
#include "http/deadline_list.h"
#include "http/handler.h"
#include "http/limits.h"
#include "http/metrics.h"
#include "http/open_stream.h"
#include "http/request_reader.h"
#include "http/response_writer.h"
#include "http/stream.h"

namespace chaac {

class Connection;

enum class Phase : std::uint8_t {
  kServing,
  kAnnouncing,  // Answers say Connection: close; all else goes on, so that clients leave in time.
  kDraining,    // What is idle closes.
};

// What the connections of one server share. The server owns it.
struct ConnectionContext {
  ConnectionContext(EventLoop* event_loop, const HttpLimits& http_limits,
                    RequestHandler* request_handler, HttpMetrics* http_metrics);

  EventLoop* const loop;
  const HttpLimits limits;
  RequestHandler* const handler;
  HttpMetrics* const metrics;

  Phase phase = Phase::kServing;
  ResponseWriter writer;
  BufferPool buffers;
  std::size_t large_input_bytes = 0;  // What input buffers above kReadBytesMax hold.
  std::vector<char> read_bytes;       // Where a connection without unread bytes receives.
  std::vector<Connection*> unsent;    // Those with something to send at the end of the round.
  std::vector<std::uint32_t> free;    // Indexes of connections without a socket.
  DeadlineList<Connection> idle;
  DeadlineList<Connection> receive;
  DeadlineList<Connection> send;
  DeadlineList<Connection> drain;
  DeadlineList<Connection> linger;
  DeadlineList<Connection> first;
};

// Whether a socket's error means no more than "not now".
inline bool IsTransientSocketError(int error) { return error == EAGAIN || error == EINTR; }

class Connection final : public EventHandler {
 public:
  Connection(ConnectionContext* context, std::uint32_t index);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Takes over a connected, non-blocking socket. REQUIRES: it has none.
  void Open(int fd);
  // Counts the sockets it had: tokens of an earlier one are stale.
  [[nodiscard]] std::uint32_t generation() const { return generation_; }

  void OnEvents(std::uint32_t epoll_events) override;

  // The answer to one of its requests. Ignored when that was answered already.
  void Respond(std::uint32_t sequence, const Response& response);
  void RespondError(std::uint32_t sequence, const Error& error, std::string_view extra_headers);
  void RespondShared(std::uint32_t sequence, const Response& head,
                     std::shared_ptr<const StreamChunk> body);

  // Streamed answers (connection_stream.cc); see HttpServer.
  StreamStart BeginStream(std::uint32_t sequence, const Response& head, StreamKind kind,
                          StreamSource* source);
  StreamWrite WriteStream(std::uint32_t sequence, std::shared_ptr<const StreamChunk> chunk);
  void EndStream(std::uint32_t sequence);
  void CutStream(std::uint32_t sequence);

  // Sends what was answered in this round, once; for those in context->unsent.
  void SendUnsent();

  // The server drains: serves what has arrived already, closes when there is nothing and a first
  // request is not to be waited for.
  void Drain();

  // A deadline of the named list has passed.
  void OnIdleTimeout();
  void OnReceiveTimeout();
  void OnSendTimeout();
  // `why`: what sources of its streams are told.
  void Close(StreamLoss why = StreamLoss::kClientGone);

 private:
  enum class State : std::uint8_t {
    kClosed,     // No socket.
    kOpen,       // Requests are read.
    kEnding,     // No more requests are read; it ends when all answers are sent.
    kLingering,  // All is sent; reads and drops until the client has closed too.
  };

  // A stream that has ended without its source's doing.
  struct LostStream {
    RequestToken token;
    StreamSource* source;
  };

  void Receive();
  void ReceiveEnd();
  [[nodiscard]] bool InputMayGrow() const;
  void CountInput();
  void RefuseForMemory();
  void EndInput();
  void ReadRequests();
  void Discard();
  std::size_t ReadFrom(char* bytes, std::size_t* size);
  void Take(const char* request);
  void Refuse(const Error& error);
  void ContinueIfDue();
  void KeepReceiveDeadline(bool partial, bool finished_any);
  void CloseIfLast(PendingAnswer* pending);
  [[nodiscard]] Buffer* PlaceOf(PendingAnswer* pending);
  void Complete(PendingAnswer* pending);
  void MoveReadyAnswers();
  void MarkUnsent();
  void Send();
  void NoteSent(std::size_t bytes);
  void ArmDrain();
  void EndOutput();
  void Watch();
  [[nodiscard]] bool HasRoom(std::size_t divisor) const;

  // Streams: in connection_stream.cc.
  void OpenPending(PendingAnswer* pending, std::unique_ptr<OpenStream> stream);
  void SendStreams();
  void AskForChunk();
  void FinishStream(PendingAnswer* pending, std::string_view tail);
  void EndEndlessStreams(StreamLoss why);
  void AnswerNothingBehind(PendingAnswer* pending, std::uint32_t sequence);
  void BoundSocket();
  std::vector<LostStream> TakeStreams();
  [[nodiscard]] OpenStream* FrontStream();
  [[nodiscard]] std::size_t UnsentBytes();
  [[nodiscard]] StreamLoss LossOfSocket() const;

  ConnectionContext* const context_;
  const std::uint32_t index_;
  std::uint32_t generation_ = 0;
  int fd_ = -1;
  State state_ = State::kClosed;
  bool paused_ = false;        // Too much is unanswered or unsent: requests are not read.
  bool more_read_ = false;     // Bytes follow the request that the handler is given now.
  bool receiving_ = false;     // A part of a request has arrived; input_deadline_ is in `receive`.
  bool peer_ended_ = false;    // The client has shut down its side.
  bool unsent_ = false;        // Is in context_->unsent.
  bool asked_ = false;         // It has sent a request, or a part of one.
  bool hurried_ = false;       // A drain ended its endless stream: it gets little time to read on.
  bool sending_ = false;       // In SendStreams(): what becomes unsent meanwhile is seen to.
  std::uint32_t watched_ = 0;  // epoll events.

  RequestReader reader_;
  Buffer input_;  // From the first byte of the request that is not complete, or not yet read.
  std::size_t large_input_bytes_ = 0;  // What input_ has in context_->large_input_bytes.
  AnswerQueue answers_;
  std::size_t waiting_bytes_ = 0;  // Of answers in answers_ behind the first.
  std::uint32_t streams_ = 0;      // Of answers_.
  Buffer output_;
  std::size_t drain_bytes_ = 0;  // Of what is unsent: what must be sent before drain_deadline_.
  std::size_t lingered_bytes_ = 0;
  Deadline<Connection> input_deadline_{this};   // In `idle`, `receive` or `first`.
  Deadline<Connection> output_deadline_{this};  // In `send` or `linger`.
  Deadline<Connection> drain_deadline_{this};   // In `drain`, with output_deadline_ in `send`.
};

}  // namespace chaac
