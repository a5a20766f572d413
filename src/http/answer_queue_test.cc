// Numbers, order, growth, and what is forgotten.
#include "http/answer_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace chaac {
namespace {

std::uint32_t Push(AnswerQueue& queue) {
  return queue.Push(Persistence::kKeepAlive, BodyPart::kSent);
}

TEST(AnswerQueueTest, FindsWhatIsPendingOnly) {
  AnswerQueue queue;
  EXPECT_EQ(queue.Find(0), nullptr);
  const auto first = Push(queue);
  const auto second = queue.Push(Persistence::kClose, BodyPart::kLeftOut);
  ASSERT_NE(queue.Find(second), nullptr);
  EXPECT_EQ(queue.Find(second)->persistence, Persistence::kClose);
  EXPECT_EQ(queue.Find(second)->body, BodyPart::kLeftOut);
  EXPECT_EQ(queue.Find(second + 1), nullptr);
  queue.Find(second)->ready = true;
  EXPECT_EQ(queue.Find(second), nullptr) << "answered already";
  queue.PopFront();
  EXPECT_EQ(queue.Find(first), nullptr) << "has left";
  EXPECT_TRUE(queue.Front().ready);
}

TEST(AnswerQueueTest, KeepsWaitingAnswersWhileItGrowsAroundItsEnd) {
  AnswerQueue queue;
  for (int i = 0; i < 5; ++i) Push(queue);
  for (int i = 0; i < 4; ++i) queue.PopFront();
  for (std::uint32_t sequence = 5; sequence < 40; ++sequence) {
    EXPECT_EQ(Push(queue), sequence);
    queue.Find(sequence)->bytes.Append(std::to_string(sequence));
  }
  EXPECT_EQ(queue.size(), 36U);
  queue.PopFront();
  for (std::uint32_t sequence = 5; sequence < 40; ++sequence) {
    EXPECT_EQ(queue.Front().bytes.view(), std::to_string(sequence));
    queue.PopFront();
  }
  EXPECT_TRUE(queue.empty());
}

TEST(AnswerQueueTest, KeepsFewSlotsWhenTrimmed) {
  AnswerQueue queue;
  Push(queue);
  queue.PopFront();
  queue.Trim();
  EXPECT_EQ(queue.slots(), 1U);
  for (std::size_t i = 0; i <= AnswerQueue::kSlotsKept; ++i) Push(queue);
  while (!queue.empty()) queue.PopFront();
  queue.Trim();
  EXPECT_EQ(queue.slots(), 0U);
}

TEST(AnswerQueueTest, TellsStreamsFromOtherAnswers) {
  AnswerQueue queue;
  const auto plain = Push(queue);
  const auto stream = Push(queue);
  queue.Find(stream)->stream =
      std::make_unique<OpenStream>(StreamKind::kFinite, StreamFraming::kChunked, nullptr);
  EXPECT_EQ(queue.FindStream(plain), nullptr);
  EXPECT_EQ(queue.Find(stream), nullptr);
  EXPECT_EQ(queue.FindStream(stream), &queue.Back());
  EXPECT_EQ(queue.back_sequence(), stream);
  EXPECT_EQ(queue.front_sequence(), plain);
  queue.PopBack();
  EXPECT_EQ(queue.FindStream(stream), nullptr);
}

TEST(AnswerQueueTest, NumbersGoOnAfterClear) {
  AnswerQueue queue;
  const auto before = Push(queue);
  queue.Clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.Find(before), nullptr);
  EXPECT_EQ(Push(queue), before + 1);
}

}  // namespace
}  // namespace chaac
