// What the tests of the decoder share: a small catalogue, a clock, and bodies with padding of
// exactly kBodyPaddingBytes, so that AddressSanitizer sees a read beyond.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "report/catalogue.h"
#include "report/conditions.h"
#include "report/decoder.h"
#include "report/municipalities.h"
#include "report/report.h"
#include "report/rfc3339.h"

namespace chaac {

struct DecoderFixture {
  explicit DecoderFixture(DecoderLimits limits = {})
      : decoder(std::make_unique<Decoder>(&municipalities, &conditions, limits)) {}

  // Decodes a copy of `body` into `out`.
  [[nodiscard]] Result<void> Decode(std::string_view body, BodyFormat format = BodyFormat::kJson,
                                    std::string_view key = {}) {
    std::vector<char> padded(body.size() + kBodyPaddingBytes);
    body.copy(padded.data(), body.size());
    return decoder->Decode({padded.data(), body.size()}, format, key, now, &out);
  }

  const Catalogue catalogue{
      "slug,name,department_slug\n"
      "mixco,Mixco,guatemala\n"
      "guatemala,Guatemala,guatemala\n"
      "amatitlan,Amatitlán,guatemala\n"
      "chinautla,Chinautla,guatemala\n"
      "san-jose-escuintla,San José,escuintla\n"
      "san-jose-peten,San José,peten\n",
      "test"};
  const Conditions conditions{Conditions::DefaultSlugs()};
  Municipalities municipalities{&catalogue};
  WallTime now = *ParseRfc3339("2026-07-01T18:30:00Z");
  std::unique_ptr<Decoder> decoder;
  Decoded out;
};

}  // namespace chaac
