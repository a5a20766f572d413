// One request's bookkeeping.
#include "ingest/submission.h"

#include <algorithm>

#include "report/server_id.h"

namespace chaac {
namespace {

// A large batch's memory is given back; a usual request's is kept.
constexpr std::size_t kReportsKept = 64;

// Gives the memory back, which assigning {} would keep.
template <typename Container>
void Free(Container* container) {
  Container().swap(*container);
}

}  // namespace

void Submission::Clear() {
  if (decoded.reports.capacity() > kReportsKept) {
    Free(&decoded.reports);
    Free(&decoded.row_index);
    Free(&decoded.ids);
  }
  if (decoded.rejections.capacity() > kReportsKept) Free(&decoded.rejections);
  if (decoded.repeats.capacity() > kReportsKept) Free(&decoded.repeats);
  decoded.Clear();
  failure.reset();
  accepted = 0;
  first_id.clear();
  last_id.clear();
  first_server_id = 0;
  server_ids = 0;
  answered = false;
  next = nullptr;
}

void Submission::CountServerIds() {
  server_ids = static_cast<std::uint32_t>(
      std::count_if(decoded.reports.begin(), decoded.reports.end(),
                    [](const Report& report) { return report.client_id.empty(); }));
}

void Submission::NoteAccepted(std::uint32_t row_index, std::string_view id) {
  if (first_id.empty() || row_index < first_row) {
    first_id = id;
    first_row = row_index;
  }
  if (last_id.empty() || row_index > last_row) {
    last_id = id;
    last_row = row_index;
  }
}

void Submission::NoteCommitted() {
  accepted += static_cast<std::uint32_t>(decoded.reports.size()) +
              static_cast<std::uint32_t>(decoded.repeats.size());
  if (decoded.reports.empty()) return;
  const auto note = [this](std::size_t i, std::uint64_t server_id) {
    const Report& report = decoded.reports[i];
    if (report.client_id.empty()) {
      NoteAccepted(decoded.row_index[i], ServerId(server_id).text());
    } else {
      NoteAccepted(decoded.row_index[i], report.client_id);
    }
  };
  note(0, first_server_id);
  if (decoded.reports.size() > 1) {
    note(decoded.reports.size() - 1, first_server_id + std::max(server_ids, 1U) - 1);
  }
}

void SubmissionList::PushBack(Submission* submission) {
  submission->next = nullptr;
  (head_ == nullptr ? head_ : tail_->next) = submission;
  tail_ = submission;
  ++size_;
}

void SubmissionList::PushFront(Submission* submission) {
  submission->next = head_;
  if (head_ == nullptr) tail_ = submission;
  head_ = submission;
  ++size_;
}

Submission* SubmissionList::PopFront() {
  Submission* submission = head_;
  head_ = submission->next;
  submission->next = nullptr;
  --size_;
  return submission;
}

}  // namespace chaac
