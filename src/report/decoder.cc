// Decoder: finds the reports in a body, and settles their ids.
#include "report/decoder.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <charconv>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "report/client_id.h"
#include "report/digest.h"
#include "report/id_hash.h"
#include "report/malformed_json.h"
#include "report/report_reader.h"
#include "report/text.h"

namespace chaac {
namespace {

static_assert(kBodyPaddingBytes >= simdjson::SIMDJSON_PADDING);

// simdjson needs about 14 bytes for each of a text. Memory for texts up to this size is kept; a
// larger array gets its own for the moment, so that one large body does not stay resident.
constexpr std::size_t kKeptTextBytes = std::size_t{256} * 1024;

// A parser and the memory it works in.
class JsonParser {
 public:
  JsonParser(std::size_t text_bytes_max, std::size_t depth_max) : depth_max_(depth_max) {
    if (parser_.allocate(text_bytes_max, depth_max + 1) != simdjson::SUCCESS ||
        document_.allocate(text_bytes_max) != simdjson::SUCCESS) {
      throw std::bad_alloc();
    }
  }

  // The root is valid until the next call. REQUIRES: kBodyPaddingBytes are readable behind `text`.
  [[nodiscard]] Result<simdjson::dom::element> Parse(std::string_view text) {
    simdjson::dom::element root;
    // Newer versions of simdjson skip a byte order mark; Chaac refuses it with every version.
    if (text.starts_with("\xEF\xBB\xBF") ||
        parser_.parse_into_document(document_, text.data(), text.size(), false).get(root) !=
            simdjson::SUCCESS) {
      return Fail(ErrorCode::kMalformedJson, ExplainMalformedJson(text, depth_max_));
    }
    return root;
  }

 private:
  std::size_t depth_max_;
  simdjson::dom::parser parser_;
  simdjson::dom::document document_;
};

constexpr std::size_t kRowBytesMin = 3;  // Of a row that may be a report: "{}\n"

// Rejected rows of one batch whose unknown municipality is answered with the nearest names, which
// costs as much as decoding a hundred rows.
constexpr std::size_t kHintedRejectionsMax = 100;

// How many bytes each row of an array has in its text, one after another; blanks around a row are
// not its own. simdjson keeps no place of a value in the text, so this finds where rows end.
class RowSizes {
 public:
  // REQUIRES: `text` is a JSON array.
  explicit RowSizes(std::string_view text) : text_(text), position_(text.find('[') + 1) {}

  // REQUIRES: there is another row.
  std::size_t Next() {
    const std::size_t begin = text_.find_first_not_of(" \t\r\n", position_);
    const std::size_t end = EndOfRow(begin);  // At the comma or bracket behind it.
    position_ = end + 1;
    return text_.find_last_not_of(" \t\r\n", end - 1) + 1 - begin;
  }

 private:
  [[nodiscard]] std::size_t EndOfRow(std::size_t at) const {
    for (std::size_t depth = 0;; ++at) {
      switch (text_[at]) {
        case '"':
          at = EndOfString(at);
          break;
        case '[':
        case '{':
          ++depth;
          break;
        case ']':
        case '}':
          if (depth == 0) return at;
          --depth;
          break;
        case ',':
          if (depth == 0) return at;
          break;
        default:
          break;
      }
    }
  }

  [[nodiscard]] std::size_t EndOfString(std::size_t at) const {
    while (text_[++at] != '"') {
      if (text_[at] == '\\') ++at;
    }
    return at;
  }

  std::string_view text_;
  std::size_t position_;
};

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::size_t DecimalDigits(std::size_t number) { return std::to_string(number).size(); }

}  // namespace

struct Decoder::Impl {
  // One call of Decode().
  struct Call {
    std::string_view key;
    WallTime now;
    Decoded* out;
  };

  Impl(Municipalities* municipalities_in, const Conditions* conditions_in,
       const DecoderLimits& limits_in)
      : municipalities(municipalities_in),
        conditions(conditions_in),
        limits(limits_in),
        parser(std::max(limits.report_bytes_max, kKeptTextBytes), limits.json_depth_max),
        reader(municipalities, conditions, limits) {}

  Result<void> Decode(std::string_view body, BodyFormat format, Call call) {
    const std::size_t start = std::min(body.find_first_not_of(" \t\r\n"), body.size());
    Decoded* out = call.out;
    out->is_batch = format == BodyFormat::kNdjson || body.substr(start).starts_with('[');
    if (Result<void> key = TakeKey(&call); !key) return key;
    if (format == BodyFormat::kNdjson) return DecodeNdjson(body, call);
    return out->is_batch ? DecodeArray(body, call) : DecodeObject(body, call);
  }

  // Accepts `key` bare, or in the quotes that the header's draft standard asks for.
  Result<void> TakeKey(Call* call) const {
    std::string_view& key = call->key;
    if (key.empty()) return {};
    if (key.size() >= 2 && key.starts_with('"') && key.ends_with('"')) {
      key = key.substr(1, key.size() - 2);
    }
    // The same for every row, so that a key is good for a whole batch or not at all.
    const std::size_t suffix_bytes = call->out->is_batch ? 1 + DecimalDigits(limits.rows_max) : 0;
    const std::size_t bytes_max = limits.id_bytes_max - std::min(suffix_bytes, limits.id_bytes_max);
    return CheckClientId("Idempotency-Key", key, bytes_max);
  }

  Result<void> DecodeObject(std::string_view text, const Call& call) {
    call.out->ids.reserve(limits.id_bytes_max);
    return DecodeReport(text, 0, call);
  }

  Result<void> DecodeNdjson(std::string_view body, const Call& call) {
    BeginBatch(std::min(limits.rows_max, body.size() / kRowBytesMin + 1), call);
    std::size_t row = 0;
    while (!body.empty()) {
      const std::size_t end = std::min(body.find('\n'), body.size());
      const std::string_view line = body.substr(0, end);
      body.remove_prefix(std::min(end + 1, body.size()));
      if (IsBlank(line)) continue;
      if (row == limits.rows_max) return TooManyRows();
      Settle(DecodeReport(line, row, call), row, call);
      ++row;
    }
    return row == 0 ? NoRows() : Result<void>();
  }

  Result<void> DecodeArray(std::string_view text, const Call& call) {
    if (text.size() <= kKeptTextBytes) return DecodeArray(text, &parser, call);
    JsonParser large(text.size(), limits.json_depth_max);
    return DecodeArray(text, &large, call);
  }

  Result<void> DecodeArray(std::string_view text, JsonParser* array_parser, const Call& call) {
    const Result<simdjson::dom::element> root = array_parser->Parse(text);
    if (!root) return tl::unexpected(root.error());
    const simdjson::dom::array rows = root->get_array().value_unsafe();  // It begins with '['.
    if (rows.size() > limits.rows_max) return TooManyRows();
    if (rows.size() == 0) return NoRows();
    BeginBatch(rows.size(), call);
    RowSizes sizes(text);
    const bool may_be_too_large = text.size() > limits.report_bytes_max;
    std::size_t row = 0;
    for (const simdjson::dom::element element : rows) {
      const std::size_t bytes = may_be_too_large ? sizes.Next() : 0;
      Settle(bytes > limits.report_bytes_max ? TooLarge(bytes) : AddReport(element, row, call), row,
             call);
      ++row;
    }
    return {};
  }

  void BeginBatch(std::size_t rows_max, const Call& call) {
    call.out->ids.reserve(rows_max * limits.id_bytes_max);  // Views of it must stay valid.
    if (!positions.empty()) positions.clear();
  }

  static void Settle(Result<void> added, std::size_t row, const Call& call) {
    if (added) return;
    Error error = std::move(added).error();
    // An answer lists what is allowed for its first rejection alone; the sentence says it for each.
    if (!call.out->rejections.empty()) std::vector<std::string>().swap(error.allowed);
    call.out->rejections.push_back({static_cast<std::uint32_t>(row), std::move(error)});
  }

  // A report that is a text of its own.
  Result<void> DecodeReport(std::string_view text, std::size_t row, const Call& call) {
    if (text.size() > limits.report_bytes_max) return TooLarge(text.size());
    const Result<simdjson::dom::element> root = parser.Parse(text);
    if (!root) return tl::unexpected(root.error());
    return AddReport(*root, row, call);
  }

  Result<void> AddReport(simdjson::dom::element element, std::size_t row, const Call& call) {
    simdjson::dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      return Fail(ErrorCode::kInvalidReport,
                  fmt::format("a report must be an object, not {}", KindOf(element)));
    }
    Report report;
    std::string_view id;
    const Hints hints =
        call.out->rejections.size() < kHintedRejectionsMax ? Hints::kNearest : Hints::kNone;
    if (Result<void> read = reader.Read(object, call.now, hints, &report, &id); !read) return read;
    if (!id.empty() || !call.key.empty()) {
      report.client_id = StoreId(id, row, call);
      const std::string_view condition = report.condition == kNoCondition
                                             ? std::string_view()
                                             : conditions->slugs()[report.condition];
      report.digest = DigestOf(report, municipalities->Slug(report.municipality), condition);
      if (call.out->is_batch) {
        const auto [earlier, is_new] =
            positions.try_emplace(report.client_id, call.out->reports.size());
        if (!is_new) return Repeat(report, row, earlier->second, call.out);
      }
    }
    call.out->reports.push_back(report);
    call.out->row_index.push_back(static_cast<std::uint32_t>(row));
    return {};
  }

  // The id of a row whose own is `id`: appended to the arena, which has room.
  [[nodiscard]] std::string_view StoreId(std::string_view id, std::size_t row,
                                         const Call& call) const {
    std::string& ids = call.out->ids;
    const std::size_t begin = ids.size();
    ids += id.empty() ? call.key : id;
    if (id.empty() && call.out->is_batch) {
      std::array<char, 20> digits{};
      const auto end = std::to_chars(digits.begin(), digits.end(), row).ptr;
      ids += '#';
      ids.append(digits.begin(), end);
    }
    return std::string_view(ids).substr(begin);
  }

  // `report` has the id of an earlier one of this batch.
  static Result<void> Repeat(const Report& report, std::size_t row, std::size_t earlier,
                             Decoded* out) {
    Result<void> outcome;
    if (report.digest == out->reports[earlier].digest) {
      out->repeats.push_back({static_cast<std::uint32_t>(row), out->row_index[earlier]});
    } else {
      outcome = Fail(ErrorCode::kIdConflict,
                     fmt::format("id {} names another report in row {}", Quote(report.client_id),
                                 out->row_index[earlier]));
    }
    out->ids.resize(out->ids.size() - report.client_id.size());
    return outcome;
  }

  [[nodiscard]] Result<void> TooLarge(std::size_t bytes) const {
    return Fail(ErrorCode::kBodyTooLarge,
                fmt::format("a report of {} bytes is too large; {} are allowed", bytes,
                            limits.report_bytes_max));
  }

  [[nodiscard]] Result<void> TooManyRows() const {
    return Fail(ErrorCode::kTooManyRows,
                fmt::format("the batch has more than {} rows; send it in parts", limits.rows_max));
  }

  static Result<void> NoRows() {
    return Fail(ErrorCode::kInvalidReport, "the batch has no rows; at least one is expected");
  }

  Municipalities* municipalities;
  const Conditions* conditions;
  DecoderLimits limits;
  JsonParser parser;
  ReportReader reader;
  // Where in Decoded::reports the first report with an id is; of the batch being decoded.
  boost::unordered_flat_map<std::string_view, std::size_t, IdHash> positions;
};

Decoder::Decoder(Municipalities* municipalities, const Conditions* conditions, DecoderLimits limits)
    : impl_(std::make_unique<Impl>(municipalities, conditions, limits)) {}

Decoder::~Decoder() = default;

Result<void> Decoder::Decode(std::string_view body, BodyFormat format,
                             std::string_view idempotency_key, WallTime now, Decoded* out) {
  out->Clear();
  Result<void> decoded = impl_->Decode(body, format, {idempotency_key, now, out});
  if (!decoded) out->Clear();
  return decoded;
}

}  // namespace chaac
