// The newest reports of many lists, as a plain sort of all of them finds them.
#include "query/recent_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "report/rfc3339.h"

namespace chaac {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string Line(std::int64_t second, std::string_view id) {
  return R"({"id":")" + std::string(id) + R"(","at":")" +
         FormatRfc3339(WallTime(std::chrono::seconds(second))) + R"("})";
}

// A store of lists, newest first, of elements of up to eight lines.
using Elements = std::vector<std::string>;

Elements FirstOf(const Elements& list, std::size_t count) {
  return {list.begin(), list.begin() + static_cast<std::ptrdiff_t>(std::min(count, list.size()))};
}

TEST(RecentMergeTest, ReadsOneListOnce) {
  RecentMerge merge({"mixco"}, 3);
  ASSERT_EQ(merge.reads().size(), 1U);
  const RecentMerge::Read read = merge.reads().front();
  EXPECT_EQ(merge.MunicipalityOf(read), "mixco");
  EXPECT_EQ(read.elements, 3U);
  const std::string a = Line(30, "a");
  const std::string b = Line(20, "b");
  const std::string c = Line(20, "c");
  const std::string d = Line(10, "d");
  merge.Take(read, {a + "\n" + b, c, d});
  merge.Merge();
  EXPECT_THAT(merge.reads(), IsEmpty());
  EXPECT_THAT(merge.lines(), ElementsAre(a, b, c));
}

TEST(RecentMergeTest, WithoutMunicipalitiesThereIsNothingToRead) {
  RecentMerge merge({}, 3);
  EXPECT_THAT(merge.reads(), IsEmpty());
  merge.Merge();
  EXPECT_THAT(merge.lines(), IsEmpty());
}

TEST(RecentMergeTest, LeavesOutWhatIsNoReport) {
  RecentMerge merge({"mixco"}, 9);
  const std::string good = Line(20, "b");
  merge.Take(merge.reads().front(),
             {"", "\n", "x", "{\"at\":\"2023-11-14T22:13:20Z\"\n" + good + "\n", Line(1, "\x01")});
  merge.Merge();
  EXPECT_THAT(merge.lines(), ElementsAre(good));
}

TEST(RecentMergeTest, ReadsOnlyThoseThatMayContribute) {
  RecentMerge merge({"a", "b", "c", "d"}, 2);
  ASSERT_EQ(merge.reads().size(), 2U);
  EXPECT_EQ(merge.MunicipalityOf(merge.reads()[1]), "b");
}

class RecentMergePropertyTest : public testing::TestWithParam<unsigned> {
 protected:
  std::size_t Below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }

  Elements RandomList(std::size_t name) {
    Elements list;
    auto second = static_cast<std::int64_t>(Below(1'000));
    const std::size_t step = 1 + Below(20);
    for (std::size_t n = Below(4) == 0 ? Below(400) : Below(12); n != 0; --n) {
      std::string element;
      for (std::size_t lines = 1 + (Below(2) == 0 ? 0 : Below(8)); lines != 0; --lines) {
        if (!element.empty()) element += "\n";
        element += Line(second, std::to_string(name) + "-" + std::to_string(n));
        second -= static_cast<std::int64_t>(Below(step));
      }
      list.push_back(element);
    }
    return list;
  }

  std::mt19937 random_{GetParam()};
};

struct PlainLine {
  WallTime at;
  std::size_t list;
  std::string text;
};

std::vector<std::string> Plainly(const std::vector<Elements>& lists, std::size_t limit) {
  std::vector<PlainLine> all;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    for (const std::string& element : lists[i]) {
      for (std::size_t begin = 0; begin < element.size();) {
        const std::size_t end = std::min(element.find('\n', begin), element.size());
        const std::string text = element.substr(begin, end - begin);
        all.push_back({ArrivalOf(text).value(), i, text});
        begin = end + 1;
      }
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const PlainLine& a, const PlainLine& b) {
    return a.at != b.at ? a.at > b.at : a.list < b.list;
  });
  std::vector<std::string> newest;
  for (const PlainLine& line : all) {
    if (newest.size() < limit) newest.push_back(line.text);
  }
  return newest;
}

TEST_P(RecentMergePropertyTest, FindsTheNewestWithBoundedReads) {
  std::vector<Elements> lists(Below(60));
  for (std::size_t i = 0; i < lists.size(); ++i) lists[i] = RandomList(i);
  std::erase_if(lists, [](const Elements& list) { return list.empty(); });
  std::stable_sort(lists.begin(), lists.end(), [](const Elements& a, const Elements& b) {
    return ArrivalOf(a.front().substr(0, a.front().find('\n'))) >
           ArrivalOf(b.front().substr(0, b.front().find('\n')));
  });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < lists.size(); ++i) names.push_back(std::to_string(i));

  for (const std::size_t limit : {std::size_t{1}, std::size_t{20}, 1 + Below(1'000)}) {
    RecentMerge merge(names, limit);
    std::size_t rounds = 0;
    while (!merge.reads().empty()) {
      ++rounds;
      std::size_t elements = 0;
      for (const RecentMerge::Read& read : merge.reads()) {
        elements += read.elements;
        merge.Take(read, FirstOf(lists[read.list], read.elements));
      }
      EXPECT_LE(elements, 3 * limit);
      merge.Merge();
    }
    EXPECT_LE(rounds, static_cast<std::size_t>(1 + std::bit_width(limit)));
    const std::vector<std::string> expected = Plainly(lists, limit);
    const std::vector<std::string> found(merge.lines().begin(), merge.lines().end());
    EXPECT_TRUE(found == expected) << limit << ": " << found.size() << " lines";
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RecentMergePropertyTest, testing::Range(1U, 101U));

}  // namespace
}  // namespace chaac
