// Submission: one request's reports on their way to the store, and what became of them. Reused from
// request to request so that its memory is kept. Belongs to one Ingest; not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "report/report.h"

namespace chaac {

// Who is told the outcome. Its meaning is the door's (HTTP): here it is only carried.
struct Waiter {
  std::uint32_t connection = 0;
  std::uint32_t generation = 0;
  std::uint32_t sequence = 0;
};

struct Submission {
  Waiter waiter;
  MonotonicTime arrived_at{};
  Decoded decoded;  // The rows still to be committed; refused ones move to its rejections.

  // The outcome. A failure concerns the request as a whole; else the accepted rows are committed.
  std::optional<Error> failure;
  std::uint32_t accepted = 0;  // Repeats of committed reports included.
  std::string first_id;        // Of the first and the last accepted row, in the order sent.
  std::string last_id;

  // --- Ingest's own. ---
  std::uint64_t first_server_id = 0;  // Rows without a client id are numbered from here.
  std::uint32_t server_ids = 0;       // How many there are.
  std::uint32_t first_row = 0;        // Positions that first_id and last_id belong to.
  std::uint32_t last_row = 0;
  bool answered = false;       // The waiter was told something already.
  Submission* next = nullptr;  // In a SubmissionList.

  void Clear();
  // Counts the rows that need a server's id. To be called when `decoded.reports` has changed.
  void CountServerIds();
  // Row `row_index` of the request is committed under `id`.
  void NoteAccepted(std::uint32_t row_index, std::string_view id);
  // All of `decoded.reports` are committed.
  void NoteCommitted();
};

// A first-in-first-out list through Submission::next: no allocation. Owns nothing.
class SubmissionList {
 public:
  [[nodiscard]] bool empty() const { return head_ == nullptr; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Submission* front() const { return head_; }
  void PushBack(Submission* submission);
  void PushFront(Submission* submission);
  Submission* PopFront();  // REQUIRES: not empty.

 private:
  Submission* head_ = nullptr;
  Submission* tail_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace chaac
