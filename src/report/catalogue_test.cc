// The built-in catalogue, files of other places, and every way to find an entry.
#include "report/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <stdexcept>

#include "report/fold.h"

namespace chaac {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kCsv =
    "code,slug,name,department,department_slug,lat,lon\n"
    "0106,chinautla,Chinautla,Guatemala,guatemala,14.70289,-90.49983\n"
    "0101,guatemala,Guatemala,Guatemala,guatemala,14.64072,-90.51327\n"
    "0509,san-jose-escuintla,San José,Escuintla,escuintla,,\n"
    "1702,san-jose-peten,San José,Petén,peten,16.98333,-89.9\n";

std::string ErrorOf(std::string_view csv) {
  try {
    const Catalogue catalogue(csv, "towns.csv");
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

std::vector<std::string> SlugsOf(const Catalogue& catalogue, std::string_view folded_name) {
  std::vector<std::string> slugs;
  for (const MunicipalityIndex index : catalogue.Find(folded_name)) {
    slugs.push_back(catalogue.entries()[index].slug);
  }
  return slugs;
}

TEST(CatalogueTest, KeepsWhatTheFileSays) {
  const Catalogue catalogue(kCsv, "towns.csv");
  ASSERT_EQ(catalogue.entries().size(), 4);
  const Catalogue::Entry& chinautla = catalogue.entries().front();
  EXPECT_EQ(chinautla.code, "0106");
  EXPECT_EQ(chinautla.slug, "chinautla");
  EXPECT_EQ(chinautla.name, "Chinautla");
  EXPECT_EQ(chinautla.department, "Guatemala");
  EXPECT_EQ(chinautla.department_slug, "guatemala");
  EXPECT_EQ(chinautla.latitude_degrees, 14.70289);
  EXPECT_EQ(chinautla.longitude_degrees, -90.49983);
  EXPECT_EQ(catalogue.entries()[2].latitude_degrees, std::nullopt);
}

TEST(CatalogueTest, FindsBySlugNameAndDepartment) {
  const Catalogue catalogue(kCsv, "towns.csv");
  EXPECT_EQ(catalogue.FindSlug("guatemala"), 1);
  EXPECT_EQ(catalogue.FindSlug("san-jose"), std::nullopt);
  EXPECT_THAT(SlugsOf(catalogue, "guatemala"), ElementsAre("guatemala"));
  EXPECT_THAT(SlugsOf(catalogue, "chinautla-guatemala"), ElementsAre("chinautla"));
  EXPECT_THAT(SlugsOf(catalogue, "san-jose-peten"), ElementsAre("san-jose-peten"));
  EXPECT_THAT(SlugsOf(catalogue, "san-jose"), ElementsAre("san-jose-escuintla", "san-jose-peten"));
  EXPECT_THAT(SlugsOf(catalogue, "atlantis"), IsEmpty());
}

TEST(CatalogueTest, ASlugMeansItsOwnEntryWhateverOthersAreCalled) {
  const Catalogue catalogue("slug,name\nplains-2,Plains\nplains,The Plains\n", "towns.csv");
  EXPECT_THAT(SlugsOf(catalogue, "plains"), ElementsAre("plains"));
}

TEST(CatalogueTest, RanksTheNearest) {
  const Catalogue catalogue(kCsv, "towns.csv");
  EXPECT_EQ(catalogue.Nearest("chinaulta").front(), "chinautla");
  EXPECT_THAT(catalogue.Nearest("san-hose"),
              ElementsAre("san-jose-escuintla", "san-jose-peten", testing::_));
  EXPECT_THAT(Catalogue("slug,name\na,A\n", "towns.csv").Nearest("b"), ElementsAre("a"));
}

TEST(CatalogueTest, TakesColumnsInAnyOrderAndIgnoresOthers) {
  const Catalogue catalogue("population,name,slug\n12,\"Uno, el primero\",uno\n", "towns.csv");
  ASSERT_EQ(catalogue.entries().size(), 1);
  EXPECT_EQ(catalogue.entries().front().name, "Uno, el primero");
  EXPECT_EQ(catalogue.entries().front().department, "");
}

TEST(CatalogueTest, RefusesBadFilesByLine) {
  EXPECT_EQ(ErrorOf(""), "towns.csv is empty");
  EXPECT_EQ(ErrorOf("slug,name\n"), "towns.csv holds no municipality");
  EXPECT_EQ(ErrorOf("slug,department\na,b\n"), "towns.csv line 1: the header has no column name");
  EXPECT_EQ(ErrorOf("slug,name\na\n"), "towns.csv line 2: 1 fields, but the header has 2");
  EXPECT_EQ(ErrorOf("slug,name\na,A\na,B\n"), "towns.csv line 3: slug a was used before");
  EXPECT_THAT(ErrorOf("slug,name\nA b,A\n"), HasSubstr("line 2: slug \"A b\" is not a slug"));
  EXPECT_EQ(ErrorOf("slug,name\n,A\n"), "towns.csv line 2: slug is empty");
  EXPECT_THAT(ErrorOf("slug,name\na,\n"), HasSubstr("line 2: name \"\" has no Latin letter"));
  EXPECT_THAT(ErrorOf("slug,name\na,caf\xE9\n"), HasSubstr("line 2: name \"caf?\" is not UTF-8"));
  EXPECT_THAT(ErrorOf("slug,name\na," + std::string(Catalogue::kNameBytesMax + 1, 'a')),
              HasSubstr("line 2: name has 129 bytes; at most 128 are allowed"));
  for (const std::string_view lat : {"91", "-90.1", "north", "1x", "nan", "inf"}) {
    EXPECT_THAT(ErrorOf("slug,name,lat,lon\na,A," + std::string(lat) + ",0\n"),
                HasSubstr("is not a number in -90..90"));
  }
  EXPECT_THAT(ErrorOf("slug,name,lat,lon\na,A,0,180.5\n"), HasSubstr("in -180..180"));
  EXPECT_EQ(ErrorOf("slug,name,lat,lon\na,A,1,\n"),
            "towns.csv line 2: lat and lon must be given both or not at all");
}

TEST(CatalogueTest, BoundsTheEntries) {
  std::string csv = "slug,name\n";
  for (std::size_t i = 0; i < Catalogue::kEntriesMax; ++i) csv += "a" + std::to_string(i) + ",A\n";
  EXPECT_EQ(ErrorOf(csv), "no error");
  EXPECT_EQ(ErrorOf(csv + "b,B\n"), "towns.csv line 4098: more than 4096 municipalities");
}

TEST(CatalogueTest, ReadsAFile) {
  const std::string path = testing::TempDir() + "chaac_catalogue_test.csv";
  std::ofstream(path) << kCsv;
  EXPECT_EQ(Catalogue::FromFile(path).entries().size(), 4);
  std::ofstream(path) << std::string(Catalogue::kFileBytesMax + 1, '\n');
  EXPECT_THROW((void)Catalogue::FromFile(path), std::invalid_argument);
  std::remove(path.c_str());
}

TEST(CatalogueTest, NamesAFileThatCannotBeRead) {
  for (const std::string& path : {std::string("/does/not/exist.csv"), testing::TempDir()}) {
    try {
      (void)Catalogue::FromFile(path);
      FAIL() << path;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), HasSubstr("cannot read " + path + ": "));
      EXPECT_THAT(error.what(), testing::Not(HasSubstr("Success")));
    }
  }
}

TEST(BuiltInCatalogueTest, HoldsGuatemala) {
  const Catalogue catalogue = Catalogue::BuiltIn();
  EXPECT_EQ(catalogue.entries().size(), 340);
  std::set<std::string> departments;
  for (const Catalogue::Entry& entry : catalogue.entries()) {
    departments.insert(entry.department_slug);
    EXPECT_EQ(entry.department_slug, Fold(entry.department));
    EXPECT_TRUE(entry.slug.starts_with(*Fold(entry.name))) << entry.slug;
    EXPECT_THAT(SlugsOf(catalogue, *Fold(entry.name) + '-' + entry.department_slug),
                ElementsAre(entry.slug));
  }
  EXPECT_EQ(departments.size(), 22);
  EXPECT_THAT(SlugsOf(catalogue, "la-libertad"),
              ElementsAre("la-libertad-huehuetenango", "la-libertad-peten"));
}

}  // namespace
}  // namespace chaac
