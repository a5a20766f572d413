// What is sent for which lists.
#include "http/accept.h"

#include <gtest/gtest.h>

namespace chaac {
namespace {

TEST(AcceptTest, GzipIsSentOnlyWhereItIsAccepted) {
  for (const char* list :
       {"gzip", "GZip", "x-gzip", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8, *;q=0.1", "*",
        "*;q=0.5", "identity;q=0.5, gzip", "identity;q=0, *", "deflate , gzip ; q=0.001",
        "gzip;q=0.5, identity;q=0.5", ",,gzip,", "gzip; Q=1", "gzip;x=y;q=1.000"}) {
    EXPECT_EQ(ChooseCoding(list), ContentCoding::kGzip) << list;
  }
  for (const char* list :
       {"", "identity", "br", "gzip;q=0", "gzip;q=0.0", "gzip;q=0.000, *", "*;q=0", "xgzip",
        "gzip2", "identity, gzip;q=0.5", "*, gzip;q=0", "deflate;q=0.5", "x-gzip;q=0, br"}) {
    EXPECT_EQ(ChooseCoding(list), ContentCoding::kIdentity) << list;
  }
}

TEST(AcceptTest, AWeightThatCannotBeReadIsNone) {
  for (const char* list :
       {"gzip;q=", "gzip;q=2", "gzip;q=1.5", "gzip;q=-1", "gzip;q=.5", "gzip;q=0.5555", "gzip;q=a",
        "gzip;q=0x1", "gzip;q=1e0", "gzip;q=\"1\"", "gzip;q"}) {
    EXPECT_EQ(ChooseCoding(list), ContentCoding::kIdentity) << list;
  }
}

TEST(AcceptTest, BrowsersPreferHtml) {
  for (const char* list :
       {"text/html", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "application/json;q=0.5, text/html;q=0.5", "TEXT/HTML;level=1;q=0.1"}) {
    EXPECT_TRUE(PrefersHtml(list)) << list;
  }
  for (const char* list :
       {"", "*/*", "application/json", "text/*", "text/html;q=0", "text/html2",
        "text/html;q=0.4, application/json;q=0.5", "application/json, text/html;q=0.9"}) {
    EXPECT_FALSE(PrefersHtml(list)) << list;
  }
}

}  // namespace
}  // namespace chaac
