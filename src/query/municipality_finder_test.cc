// What readers call municipalities.
#include "query/municipality_finder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chaac {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Snapshot SnapshotOf(const std::vector<std::string>& slugs, const Catalogue* catalogue) {
  const MunicipalityJson json({}, catalogue);
  Snapshot snapshot;
  for (const std::string& slug : slugs)
    snapshot.municipalities.push_back({.slug = slug, .count = 1});
  snapshot.reporting = MunicipalityList::OfReporting(json, snapshot.municipalities);
  snapshot.all = MunicipalityList::WithSilent(json, snapshot.reporting);
  return snapshot;
}

TEST(MunicipalityFinderTest, FindsWhatTheCatalogueKnows) {
  const Catalogue catalogue = Catalogue::BuiltIn();
  const Snapshot snapshot = SnapshotOf({"gone-from-the-catalogue", "mixco"}, &catalogue);
  MunicipalityFinder finder(&catalogue);
  EXPECT_EQ(finder.Find("mixco", snapshot).value(), "mixco");
  EXPECT_EQ(finder.Find("Amatitlán", snapshot).value(), "amatitlan");
  EXPECT_EQ(finder.Find("gone-from-the-catalogue", snapshot).value(), "gone-from-the-catalogue");
  const Error unknown = finder.Find("chinautle", snapshot).error();
  EXPECT_EQ(unknown.code, ErrorCode::kNotFound);
  EXPECT_THAT(unknown.detail,
              HasSubstr("municipality \"chinautle\" is unknown; the nearest: chinautla"));
  EXPECT_THAT(unknown.allowed, Contains("chinautla"));
  const Error ambiguous = finder.Find("La Libertad", snapshot).error();
  EXPECT_EQ(ambiguous.code, ErrorCode::kNotFound);
  EXPECT_THAT(ambiguous.allowed, Contains("la-libertad-peten"));
  EXPECT_EQ(finder.Find("", snapshot).error().code, ErrorCode::kNotFound);
}

TEST(MunicipalityFinderTest, InOpenModeFindsWhatReports) {
  const Snapshot snapshot = SnapshotOf({"station-1", "station-2"}, nullptr);
  MunicipalityFinder finder(nullptr);
  EXPECT_EQ(finder.Find("station-1", snapshot).value(), "station-1");
  EXPECT_EQ(finder.Find("Station 2", snapshot).value(), "station-2");
  const Error unknown = finder.Find("station-22", snapshot).error();
  EXPECT_EQ(unknown.code, ErrorCode::kNotFound);
  EXPECT_THAT(unknown.allowed, ElementsAre("station-2", "station-1"));
  EXPECT_THAT(finder.Find("\x01", snapshot).error().allowed, IsEmpty());
  EXPECT_THAT(finder.Find("x", SnapshotOf({}, nullptr)).error().allowed, IsEmpty());
}

}  // namespace
}  // namespace chaac
