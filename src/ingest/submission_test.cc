// What a submission tells of its rows, and the list that submissions wait in.
#include "ingest/submission.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace chaac {
namespace {

// Rows 0.. with ids; an empty one is the server's to give.
void Fill(const std::vector<std::string_view>& ids, Submission* submission) {
  for (std::uint32_t row = 0; row < ids.size(); ++row) {
    submission->decoded.reports.push_back({.client_id = ids[row]});
    submission->decoded.row_index.push_back(row);
  }
  submission->CountServerIds();
}

TEST(SubmissionTest, CountsTheRowsThatNeedAnId) {
  Submission submission;
  Fill({"a", "", "b", ""}, &submission);
  EXPECT_EQ(submission.server_ids, 2U);
}

TEST(SubmissionTest, NamesTheFirstAndTheLastRow) {
  struct Case {
    std::vector<std::string_view> ids;
    std::string_view first;
    std::string_view last;
  };
  for (const Case& c : {Case{{""}, "tweet-70", "tweet-70"}, Case{{"a"}, "a", "a"},
                        Case{{"", "", ""}, "tweet-70", "tweet-72"},
                        Case{{"a", "", ""}, "a", "tweet-71"}, Case{{"", "a", "b"}, "tweet-70", "b"},
                        Case{{"", "a", ""}, "tweet-70", "tweet-71"}, Case{{"a", "b"}, "a", "b"}}) {
    Submission submission;
    Fill(c.ids, &submission);
    submission.first_server_id = 70;
    submission.NoteCommitted();
    EXPECT_EQ(submission.accepted, c.ids.size());
    EXPECT_EQ(submission.first_id, c.first);
    EXPECT_EQ(submission.last_id, c.last);
  }
}

TEST(SubmissionTest, CountsRepeatsAsAccepted) {
  Submission submission;
  Fill({"a"}, &submission);
  submission.decoded.repeats.push_back({.index = 1, .of = 0});
  submission.NoteCommitted();
  EXPECT_EQ(submission.accepted, 2U);
}

TEST(SubmissionTest, RowsAcceptedBeforeKeepTheirPlace) {
  Submission submission;
  submission.NoteAccepted(5, "five");
  submission.NoteAccepted(0, "zero");
  submission.decoded.reports.push_back({});
  submission.decoded.row_index.push_back(3);
  submission.CountServerIds();
  submission.NoteCommitted();
  EXPECT_EQ(submission.first_id, "zero");
  EXPECT_EQ(submission.last_id, "five");
}

TEST(SubmissionTest, ClearedItIsAsNew) {
  Submission submission;
  Fill({"a", ""}, &submission);
  submission.decoded.rejections.push_back({2, {ErrorCode::kOutOfRange, "", {}}});
  submission.decoded.repeats.push_back({.index = 3, .of = 0});
  submission.failure = Error{ErrorCode::kQueueFull, "", {}};
  submission.answered = true;
  submission.NoteCommitted();
  submission.Clear();
  EXPECT_TRUE(submission.decoded.reports.empty() && submission.decoded.row_index.empty());
  EXPECT_TRUE(submission.decoded.rejections.empty() && submission.decoded.repeats.empty());
  EXPECT_FALSE(submission.failure);
  EXPECT_FALSE(submission.answered);
  EXPECT_EQ(submission.accepted, 0U);
  EXPECT_TRUE(submission.first_id.empty() && submission.last_id.empty());
}

TEST(SubmissionTest, ALargeRequestsMemoryIsGivenBack) {
  Submission submission;
  submission.decoded.reports.resize(10'000);
  submission.decoded.row_index.resize(10'000);
  submission.decoded.ids.resize(1'000'000);
  submission.Clear();
  EXPECT_EQ(submission.decoded.reports.capacity(), 0U);
  EXPECT_EQ(submission.decoded.row_index.capacity(), 0U);
  EXPECT_LT(submission.decoded.ids.capacity(), 100U);
}

TEST(SubmissionListTest, KeepsOrder) {
  Submission a;
  Submission b;
  Submission c;
  SubmissionList list;
  EXPECT_TRUE(list.empty());
  list.PushBack(&b);
  list.PushBack(&c);
  list.PushFront(&a);
  EXPECT_EQ(list.front(), &a);
  EXPECT_EQ(list.PopFront(), &a);
  EXPECT_EQ(a.next, nullptr);
  EXPECT_EQ(list.PopFront(), &b);
  EXPECT_EQ(list.PopFront(), &c);
  EXPECT_TRUE(list.empty());
  list.PushFront(&c);
  list.PushBack(&a);
  EXPECT_EQ(list.PopFront(), &c);
  EXPECT_EQ(list.PopFront(), &a);
  EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace chaac
