// Posting to a loop that may be gone.
#include "base/mailbox.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace chaac {
namespace {

TEST(MailboxTest, RunsTasksOnTheLoopUntilItIsClosed) {
  const auto counter = std::make_shared<int>(0);
  std::shared_ptr<Mailbox> mailbox;
  {
    EventLoop loop;
    mailbox = std::make_shared<Mailbox>(&loop);
    std::thread other([&] {
      mailbox->Post([counter] { ++*counter; });
      mailbox->Post([&loop] { loop.Stop(); });
    });
    loop.Run();
    other.join();
    mailbox->Close();
  }
  EXPECT_EQ(*counter, 1);
  mailbox->Post([counter] { ++*counter; });
  EXPECT_EQ(*counter, 1);
  EXPECT_EQ(counter.use_count(), 1);  // The task was dropped.
}

}  // namespace
}  // namespace chaac
