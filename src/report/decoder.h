// Decoder: bytes of a request's body to validated reports. Owns a JSON parser and its memory (about
// 4 MiB, touched as far as bodies reach; an array above 256 KiB gets its own for the call).
// Not thread-safe: each event loop has its own. Reads no clock. Allocates nothing for reports whose
// municipality and condition are slugs, once the Decoded it fills has grown.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "report/conditions.h"
#include "report/municipalities.h"
#include "report/report.h"

namespace chaac {

// Bytes that must be readable (not necessarily set) behind every body given to the decoder.
inline constexpr std::size_t kBodyPaddingBytes = 64;

struct DecoderLimits {
  std::size_t rows_max = 10'000;            // Of one batch; more is 413 too-many-rows.
  std::size_t report_bytes_max = 65'536;    // Of one report's JSON: a single body or a batch's row.
  std::size_t json_depth_max = 8;           // Of one text, a batch's own array included.
  std::size_t fields_max = 64;              // Of one report's object, known or not.
  std::size_t id_bytes_max = 128;           // Of a client id, after "#index" was added.
  std::chrono::hours id_window{24};         // Rows with an older observed_at are refused.
  std::chrono::minutes clock_tolerance{5};  // How far observed_at may lie in the future.
};

enum class BodyFormat : std::uint8_t { kJson, kNdjson };

class Decoder {
 public:
  // `municipalities` and `conditions` outlive the decoder.
  Decoder(Municipalities* municipalities, const Conditions* conditions, DecoderLimits limits);
  ~Decoder();

  // Fills `out` (cleared first). A JSON object is one report: any fault of it is this call's error.
  // An array or NDJSON is a batch: faults of a row go to out->rejections; the call fails only when
  // the whole cannot be read (malformed array, too many rows, no row at all).
  // `idempotency_key`: the header's value, bare or in double quotes, empty when absent; becomes the
  // id of a report without one ("key", in a batch "key#index", for which it must leave room).
  // A row whose id an earlier row of the batch has is a repeat when the two are equal, else
  // refused. REQUIRES: kBodyPaddingBytes are readable behind `body`.
  [[nodiscard]] Result<void> Decode(std::string_view body, BodyFormat format,
                                    std::string_view idempotency_key, WallTime now, Decoded* out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chaac
