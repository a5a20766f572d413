// Why a text is not JSON: a plain reading by the grammar of RFC 8259 that stops at the first fault.
#include "report/malformed_json.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "report/text.h"

namespace chaac {
namespace {

bool IsDigit(char byte) { return byte >= '0' && byte <= '9'; }
bool IsLetter(char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'); }

// Letters, digits and what else a misspelt value or number may hold.
bool IsWordPart(char byte) {
  return IsLetter(byte) || IsDigit(byte) || byte == '_' || byte == '+' || byte == '-' ||
         byte == '.';
}

std::optional<unsigned> HexValue(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// The grammar's number: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
bool IsJsonNumber(std::string_view word) {
  const auto take_digits = [&word] {
    const std::size_t before = word.size();
    while (!word.empty() && IsDigit(word.front())) word.remove_prefix(1);
    return before - word.size();
  };
  if (word.starts_with('-')) word.remove_prefix(1);
  const bool leading_zero = word.starts_with('0');
  const std::size_t whole_digits = take_digits();
  if (whole_digits == 0 || (leading_zero && whole_digits > 1)) return false;
  if (word.starts_with('.')) {
    word.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  if (word.starts_with('e') || word.starts_with('E')) {
    word.remove_prefix(1);
    if (word.starts_with('+') || word.starts_with('-')) word.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  return word.empty();
}

template <typename Number>
bool Overflows(std::string_view word) {
  Number number{};
  return std::from_chars(word.data(), word.data() + word.size(), number).ec ==
         std::errc::result_out_of_range;
}

// `word` is a JSON number that no double, or if it is an integer no 64 bits, can hold.
bool IsTooLarge(std::string_view word) {
  if (word.find_first_of(".eE") == std::string_view::npos) {
    return word.front() == '-' ? Overflows<std::int64_t>(word) : Overflows<std::uint64_t>(word);
  }
  const bool tiny = word.find("e-") != std::string_view::npos ||  // Underflow, which is no fault.
                    word.find("E-") != std::string_view::npos;
  return !tiny && Overflows<double>(word);
}

class Reader {
 public:
  Reader(std::string_view text, std::size_t depth_max) : text_(text), depth_max_(depth_max) {}

  // The first fault, or nothing.
  std::optional<std::string> FirstFault() {
    if (text_.starts_with("\xEF\xBB\xBF")) {
      return "the JSON text begins with a byte order mark; send UTF-8 without one";
    }
    for (Step expected = Step::kValue; !fault_;) {
      SkipSpace();
      if (position_ == text_.size()) {
        EndsTooEarly(expected);
        break;
      }
      expected = Take(expected);
    }
    return std::move(fault_);
  }

 private:
  enum class Step { kValue, kValueOrEnd, kKey, kKeyOrEnd, kColon, kCommaOrEnd, kNothing };

  struct Container {
    char closing;        // ']' or '}'
    std::size_t offset;  // Where it began.
  };

  // Takes the next token, which is there, and returns what may follow it.
  Step Take(Step expected) {
    const char next = text_[position_];
    if (next == '\0') return Fault(position_, "a NUL byte is not allowed in JSON");
    switch (expected) {
      case Step::kNothing:
        return Fault(position_,
                     "there is more text behind the JSON value; send several reports as one array, "
                     "or one a line as application/x-ndjson");
      case Step::kColon:
        if (next != ':') return Unexpected("':' behind a key");
        ++position_;
        return Step::kValue;
      case Step::kCommaOrEnd:
        return TakeCommaOrEnd(next);
      case Step::kKeyOrEnd:
        if (next == '}') return CloseContainer();
        [[fallthrough]];
      case Step::kKey:
        if (next != '"') return Unexpected("a key in double quotes");
        TakeString();
        return Step::kColon;
      case Step::kValueOrEnd:
        if (next == ']') return CloseContainer();
        [[fallthrough]];
      case Step::kValue:
        return TakeValue(next);
    }
    return Step::kNothing;
  }

  Step TakeCommaOrEnd(char next) {
    const char closing = open_.back().closing;
    if (next == closing) return CloseContainer();
    if (next != ',') return Unexpected(closing == ']' ? "',' or ']'" : "',' or '}'");
    ++position_;
    return closing == ']' ? Step::kValue : Step::kKey;
  }

  Step TakeValue(char next) {
    if (next == '{' || next == '[') {
      if (open_.size() == depth_max_) {
        return Fault(position_, fmt::format("arrays and objects are nested deeper than {} levels",
                                            depth_max_));
      }
      open_.push_back({next == '{' ? '}' : ']', position_++});
      return next == '{' ? Step::kKeyOrEnd : Step::kValueOrEnd;
    }
    if (next == '"') {
      TakeString();
    } else if (IsWordPart(next)) {
      TakeWord();
    } else {
      return Unexpected("a value");
    }
    return AfterValue();
  }

  Step CloseContainer() {
    ++position_;
    open_.pop_back();
    return AfterValue();
  }

  [[nodiscard]] Step AfterValue() const {
    return open_.empty() ? Step::kNothing : Step::kCommaOrEnd;
  }

  void TakeWord() {
    const std::size_t begin = position_;
    while (position_ < text_.size() && IsWordPart(text_[position_])) ++position_;
    const std::string_view word = text_.substr(begin, position_ - begin);
    if (word == "true" || word == "false" || word == "null") return;
    if (!IsJsonNumber(word)) {
      Fault(begin, fmt::format("{} is not a JSON value", Quote(word)));
    } else if (IsTooLarge(word)) {
      Fault(begin, fmt::format("the number {} is too large", Quote(word)));
    }
  }

  void TakeString() {
    const std::size_t begin = position_++;
    while (!fault_ && position_ < text_.size()) {
      const char next = text_[position_];
      if (next == '"') {
        ++position_;
        return;
      }
      if (next == '\\') {
        TakeEscape();
      } else {
        TakeCharacter();
      }
    }
    EndsWithin("string", begin);
  }

  void TakeCharacter() {
    const char next = text_[position_];
    if (next == '\0') {
      Fault(position_, "a NUL byte is not allowed in JSON");
    } else if (static_cast<unsigned char>(next) < 0x20) {
      Fault(position_,
            fmt::format("the control character 0x{:02X} in a string must be escaped", next));
    }
    std::string_view rest = text_.substr(position_);
    const std::size_t before = rest.size();
    if (!TakeCodePoint(&rest)) Fault(position_, "the text is not valid UTF-8");
    position_ += before - rest.size();
  }

  void TakeEscape() {
    const std::size_t begin = position_;
    const std::string_view escape = text_.substr(begin, 2);
    position_ += escape.size();
    if (escape.size() < 2) return;  // The text ends here, and its string with it.
    if (std::string_view("\"\\/bfnrt").find(escape[1]) != std::string_view::npos) return;
    if (escape != "\\u") {
      Fault(begin, fmt::format("{} is not an escape that JSON knows", Quote(escape)));
      return;
    }
    const std::optional<unsigned> unit = HexValue(text_.substr(position_, 4));
    if (!unit || text_.size() - position_ < 4) {
      Fault(begin, "\\u must be followed by four hexadecimal digits");
      return;
    }
    position_ += 4;
    const bool high_surrogate = *unit >= 0xD800 && *unit < 0xDC00;
    if (!high_surrogate) return;
    const std::optional<unsigned> low = text_.substr(position_, 2) == "\\u"
                                            ? HexValue(text_.substr(position_ + 2, 4))
                                            : std::nullopt;
    if (!low || *low < 0xDC00 || *low > 0xDFFF) {
      Fault(begin, "half of a surrogate pair stands alone");
      return;
    }
    position_ += 6;
  }

  void SkipSpace() {
    const std::size_t next = text_.find_first_not_of(" \t\r\n", position_);
    position_ = next == std::string_view::npos ? text_.size() : next;
  }

  void EndsTooEarly(Step expected) {
    if (expected == Step::kNothing) return;  // It does not: the value is complete.
    if (text_.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      fault_ = "the JSON text is empty; a weather report is expected";
    } else if (!open_.empty()) {
      EndsWithin(open_.back().closing == ']' ? "array" : "object", open_.back().offset);
    }
  }

  // The fault is where the text ends; where `what` begins helps to find what was meant.
  void EndsWithin(std::string_view what, std::size_t begin) {
    Fault(
        text_.size(),
        fmt::format("the text ends before the {} that begins at offset {} is closed", what, begin));
  }

  Step Unexpected(std::string_view wanted) {
    std::string_view rest = text_.substr(position_);
    const std::size_t before = rest.size();
    if (!TakeCodePoint(&rest)) return Fault(position_, "the text is not valid UTF-8");
    const std::string_view found = text_.substr(position_, before - rest.size());
    return Fault(position_, fmt::format("{} is expected, not {}", wanted, Quote(found)));
  }

  // Remembers the first.
  Step Fault(std::size_t offset, std::string_view what) {
    if (!fault_) fault_ = fmt::format("{} (at offset {})", what, offset);
    return Step::kNothing;
  }

  std::string_view text_;
  std::size_t depth_max_;
  std::size_t position_ = 0;
  std::vector<Container> open_;
  std::optional<std::string> fault_;
};

}  // namespace

std::string ExplainMalformedJson(std::string_view text, std::size_t depth_max) {
  return Reader(text, depth_max).FirstFault().value_or(std::string(kUnexplainedJson));
}

}  // namespace chaac
