// Runs of every length, ended by every byte, against a look at each byte.
#include "http/text_run.h"

#include <gtest/gtest.h>

#include <string>

#include "http/syntax.h"

namespace chaac {
namespace {

TEST(TextRunTest, StopsAtNoByteTooLate) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    for (std::size_t place = 0; place < 20; ++place) {
      std::string text(20, 'a');
      text[place] = c;
      SCOPED_TRACE(byte);
      const bool visible = IsVisible(c);
      const bool text_byte = IsText(c) && c != '\t';
      EXPECT_EQ(PrintableRun<Bytes::kVisible>(text) > place, visible && place < 16) << place;
      EXPECT_EQ(PrintableRun<Bytes::kText>(text) > place, text_byte && place < 16) << place;
    }
  }
}

TEST(TextRunTest, TakesWholeWordsAndWhatPrecedesTheFirstStop) {
  EXPECT_EQ(PrintableRun<Bytes::kVisible>(""), 0U);
  EXPECT_EQ(PrintableRun<Bytes::kVisible>("1234567"), 0U);  // Less than a word: byte by byte.
  EXPECT_EQ(PrintableRun<Bytes::kVisible>("12345678"), 8U);
  EXPECT_EQ(PrintableRun<Bytes::kVisible>("123456789abc def"), 12U);
  EXPECT_EQ(PrintableRun<Bytes::kText>("123456789abc def\xc3\xa9 \r\n    "), 19U);
  EXPECT_EQ(PrintableRun<Bytes::kText>("\x80\xff\x80\xff\x80\xff\x80\xff"), 8U);
}

}  // namespace
}  // namespace chaac
