// What reports may call a municipality, with a catalogue and in open mode.
#include "report/municipalities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>

namespace chaac {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FixedMunicipalitiesTest : public testing::Test {
 protected:
  const Catalogue catalogue_{
      "slug,name,department_slug\n"
      "mixco,Mixco,guatemala\n"
      "amatitlan,Amatitlán,guatemala\n"
      "san-jose-escuintla,San José,escuintla\n"
      "san-jose-peten,San José,peten\n"
      "chinautla,Chinautla,guatemala\n",
      "towns.csv"};
  Municipalities municipalities_{&catalogue_};
};

TEST_F(FixedMunicipalitiesTest, ResolvesEverySpelling) {
  for (const std::string_view name : {"amatitlan", "Amatitlan", "AMATITLÁN", " amatitlán ",
                                      "Amatitlán, Guatemala", "amatitlan-guatemala"}) {
    const Result<MunicipalityIndex> index = municipalities_.Resolve(name);
    ASSERT_TRUE(index) << name;
    EXPECT_EQ(municipalities_.Slug(*index), "amatitlan") << name;
  }
  EXPECT_EQ(municipalities_.size(), 5);
}

TEST_F(FixedMunicipalitiesTest, AnIndexIsThePositionInTheCatalogue) {
  EXPECT_EQ(municipalities_.Resolve("chinautla").value(), 4);
}

TEST_F(FixedMunicipalitiesTest, NamesTheNearest) {
  const Result<MunicipalityIndex> index = municipalities_.Resolve("Chinaulta");
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code, ErrorCode::kUnknownMunicipality);
  EXPECT_THAT(index.error().detail,
              HasSubstr("municipality \"Chinaulta\" is unknown; the nearest: chinautla, "));
  EXPECT_EQ(index.error().allowed.size(), 3);
  EXPECT_EQ(index.error().allowed.front(), "chinautla");
}

TEST_F(FixedMunicipalitiesTest, NamesTheCandidates) {
  const Result<MunicipalityIndex> index = municipalities_.Resolve("San José");
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code, ErrorCode::kAmbiguousMunicipality);
  EXPECT_EQ(index.error().detail,
            "municipality \"San José\" is ambiguous; send one of san-jose-escuintla, "
            "san-jose-peten");
  EXPECT_THAT(index.error().allowed, ElementsAre("san-jose-escuintla", "san-jose-peten"));
}

TEST_F(FixedMunicipalitiesTest, RefusesWhatIsNoName) {
  for (const std::string& name : {std::string(), std::string("  "), std::string("東京"),
                                  std::string("a\0b", 3), std::string(65, 'x')}) {
    const Result<MunicipalityIndex> index = municipalities_.Resolve(name);
    ASSERT_FALSE(index) << name;
    EXPECT_EQ(index.error().code, ErrorCode::kUnknownMunicipality);
    EXPECT_THAT(index.error().detail, HasSubstr("1 to 64 Latin letters"));
    EXPECT_THAT(index.error().allowed, IsEmpty());
  }
}

TEST_F(FixedMunicipalitiesTest, ResolvesTheOriginalIntegers) {
  EXPECT_EQ(municipalities_.Slug(municipalities_.ResolveNumber(1).value()), "mixco");
  EXPECT_EQ(municipalities_.Slug(municipalities_.ResolveNumber(3).value()), "amatitlan");
  EXPECT_EQ(municipalities_.Slug(municipalities_.ResolveNumber(4).value()), "chinautla");
  // This catalogue does not have number 2.
  EXPECT_THAT(municipalities_.ResolveNumber(2).error().detail, HasSubstr("\"guatemala\""));
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{5}, std::int64_t{-1},
                                    std::numeric_limits<std::int64_t>::max()}) {
    const Result<MunicipalityIndex> index = municipalities_.ResolveNumber(number);
    ASSERT_FALSE(index) << number;
    EXPECT_EQ(index.error().code, ErrorCode::kUnknownMunicipality);
    EXPECT_THAT(index.error().detail, HasSubstr("1 mixco, 2 guatemala, 3 amatitlan and 4 chin"));
    EXPECT_THAT(index.error().allowed, ElementsAre("1", "2", "3", "4"));
  }
}

TEST(BuiltInMunicipalitiesTest, ResolvesTheOriginalIntegers) {
  const Catalogue catalogue = Catalogue::BuiltIn();
  Municipalities municipalities(&catalogue);
  std::vector<std::string_view> slugs;
  for (const std::int64_t number : {1, 2, 3, 4}) {
    slugs.push_back(municipalities.Slug(municipalities.ResolveNumber(number).value()));
  }
  EXPECT_THAT(slugs, ElementsAre("mixco", "guatemala", "amatitlan", "chinautla"));
}

TEST(OpenMunicipalitiesTest, AcceptsNewNamesUpToTheLimit) {
  Municipalities open = Municipalities::Open(2);
  EXPECT_EQ(open.size(), 0);
  EXPECT_EQ(open.Resolve("Reykjavík").value(), 0);
  EXPECT_EQ(open.Resolve("reykjavik").value(), 0);
  EXPECT_EQ(open.ResolveNumber(4).value(), 1);
  EXPECT_EQ(open.Slug(0), "reykjavik");
  EXPECT_EQ(open.Slug(1), "chinautla");

  const Result<MunicipalityIndex> third = open.Resolve("Akureyri");
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::kMunicipalityLimit);
  EXPECT_THAT(third.error().detail, HasSubstr("\"akureyri\""));
  EXPECT_EQ(open.Resolve("CHINAUTLA").value(), 1);
  EXPECT_EQ(open.size(), 2);
}

TEST(OpenMunicipalitiesTest, MakesRoomWhenNamesWereRefused) {
  Municipalities open = Municipalities::Open(1);
  ASSERT_TRUE(open.Resolve("reykjavik"));
  EXPECT_FALSE(open.WantsRoom());
  EXPECT_FALSE(open.Resolve("akureyri"));
  EXPECT_TRUE(open.WantsRoom());
  open.Forget();
  EXPECT_FALSE(open.WantsRoom());
  EXPECT_EQ(open.Slug(open.Resolve("akureyri").value()), "akureyri");
}

TEST(OpenMunicipalitiesTest, RefusesWhatHasNoSlug) {
  Municipalities open = Municipalities::Open(2);
  EXPECT_EQ(open.Resolve(std::string(65, 'x')).error().code, ErrorCode::kUnknownMunicipality);
  EXPECT_EQ(open.Resolve("!").error().code, ErrorCode::kUnknownMunicipality);
  EXPECT_EQ(open.size(), 0);
}

TEST(OpenMunicipalitiesTest, SlugsStayWhereTheyAre) {
  Municipalities open = Municipalities::Open(1000);
  const std::string_view first = open.Slug(open.Resolve("a0").value());
  for (int i = 1; i < 1000; ++i) ASSERT_TRUE(open.Resolve("a" + std::to_string(i)));
  const Municipalities moved = std::move(open);
  EXPECT_EQ(first, "a0");
  EXPECT_EQ(moved.Slug(0).data(), first.data());
  EXPECT_EQ(moved.Slug(999), "a999");
}

}  // namespace
}  // namespace chaac
