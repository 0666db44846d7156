#include "tokenizers/json.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <unordered_set>

#include "tokenizers/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ef::tokenizers {

const char* kind_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "an array";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::boolean:
      return "a boolean";
    case Json::value_t::null:
      return "null";
    default:
      return "a number";
  }
}

namespace {
[[noreturn]] void wrong(std::string_view where, std::string_view key, const Json& value, const char* needed) {
  fail<TokenizerError>(where, ": '", key, "' is ", kind_of(value), ", needed ", needed);
}
}  // namespace

const Json* find(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  for (auto& [name, value] : object.get_ref<const Json::object_t&>())
    if (name == key) return value.is_null() ? nullptr : &value;
  return nullptr;
}
bool has(const Json& object, std::string_view key) { return object.is_object() && object.contains(key); }
const FieldsOfKind* kind_by_fields(const Json& object, const std::vector<FieldsOfKind>& kinds) {
  for (const FieldsOfKind& kind : kinds)
    if (std::all_of(kind.fields.begin(), kind.fields.end(), [&](std::string_view f) { return has(object, f); }))
      return &kind;
  return nullptr;
}
const Json& require(const Json& object, std::string_view key, std::string_view where) {
  check<TokenizerError>(object.is_object(), where, ": found ", kind_of(object), ", needed an object");
  const Json* found = find(object, key);
  check<TokenizerError>(found, where, ": missing field '", key, "'");
  return *found;
}
bool get_bool(const Json& object, std::string_view key, std::string_view where) {
  const Json& v = require(object, key, where);
  if (!v.is_boolean()) wrong(where, key, v, "true or false");
  return v.get<bool>();
}
bool get_bool(const Json& object, std::string_view key, std::string_view where, bool fallback) {
  return find(object, key) ? get_bool(object, key, where) : fallback;
}
std::string get_string(const Json& object, std::string_view key, std::string_view where) {
  const Json& v = require(object, key, where);
  if (!v.is_string()) wrong(where, key, v, "a string");
  return v.get<std::string>();
}
std::string get_string(const Json& object, std::string_view key, std::string_view where, std::string_view fallback) {
  return find(object, key) ? get_string(object, key, where) : std::string(fallback);
}
std::optional<std::string> get_optional_string(const Json& object, std::string_view key, std::string_view where) {
  if (!find(object, key)) return std::nullopt;
  return get_string(object, key, where);
}
uint64_t get_unsigned(const Json& object, std::string_view key, std::string_view where, uint64_t max) {
  const Json& v = require(object, key, where);
  if (!v.is_number_unsigned() && !(v.is_number_integer() && v.get<int64_t>() >= 0))
    wrong(where, key, v, "a whole number that is not negative");
  const uint64_t n = v.get<uint64_t>();
  check<TokenizerError>(n <= max, where, ": '", key, "' is ", n, ", the largest possible is ", max);
  return n;
}
double get_number(const Json& value, std::string_view where) {
  check<TokenizerError>(value.is_number(), where, ": found ", kind_of(value), ", needed a number");
  return value.get<double>();
}
char32_t get_char(const Json& object, std::string_view key, std::string_view where) {
  const std::string s = get_string(object, key, where);
  check<TokenizerError>(utf8::count(s) == 1, where, ": '", key, "' is \"", s, "\": expected a string of length 1");
  int length;
  return utf8::decode(s.data(), length);
}
const Json& get_array(const Json& object, std::string_view key, std::string_view where) {
  const Json& v = require(object, key, where);
  if (!v.is_array()) wrong(where, key, v, "an array");
  return v;
}
void JsonReader::error(const std::string& message) const {
  size_t line = 1, start = 0;
  for (size_t i = 0; i < at_ && i < text_.size(); i++)
    if (text_[i] == '\n') line++, start = i + 1;
  fail<TokenizerError>(where_, ": line ", line, ", column ", at_ - start + 1, ": ", message);
}

char JsonReader::peek_behind_space() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
    at_++;
  return at_ < text_.size() ? text_[at_] : 0;
}
void JsonReader::open(char bracket, const char* what) {
  if (peek() != bracket) error(str("needed ", what));
  if (++depth_ > kMaxDepth) error(str("nested deeper than ", int(kMaxDepth)));
  at_++;
  first_ = true;
}
bool JsonReader::next(char close) {
  const char c = peek();
  if (c == close) {
    at_++, depth_--, first_ = false;
    return false;
  }
  if (!first_) {
    if (c != ',') error(str("needed ',' or '", close, "'", c ? "" : " but the text ends; incomplete download?"));
    at_++;
    if (peek() == close) error("a comma without a value after it");
  }
  first_ = false;
  return true;
}
bool JsonReader::next_key(std::string_view& key) {
  if (!next('}')) return false;
  key = string();
  if (peek() != ':') error("needed ':' after a key");
  at_++;
  return true;
}
bool JsonReader::next_item() { return next(']'); }

namespace {
constexpr std::array<int16_t, 256> kHexDigits = [] {
  std::array<int16_t, 256> out{};
  for (int c = 0; c < 256; c++) {
    const int letter = c | 0x20;
    out[size_t(c)] = int16_t(c >= '0' && c <= '9' ? c - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1);
  }
  return out;
}();
int hex4(std::string_view s) {
  if (s.size() < 4) return -1;
  const auto digit = [&](size_t i) { return int(kHexDigits[uint8_t(s[i])]); };
  const int high = digit(0) | digit(1), low = digit(2) | digit(3);
  if ((high | low) < 0) return -1;
  return digit(0) << 12 | digit(1) << 8 | digit(2) << 4 | digit(3);
}
}  // namespace

namespace {
// Bytes that stand for themselves in a string.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> out{};
  for (size_t c = 0x20; c < 256; c++) out[c] = c != '"' && c != '\\';
  return out;
}();
}  // namespace

void JsonReader::pass_plain() {
  const char *p = text_.data() + at_, *end = text_.data() + text_.size();
#if defined(__SSE2__)
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), slash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    if (const int found = _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, slash)))) {
      p += std::countr_zero(unsigned(found));
      break;
    }
  }
#endif
  while (p < end && kPlain[uint8_t(*p)]) p++;
  at_ = size_t(p - text_.data());
  if (p == end) error("the text ends inside a string; incomplete download?");
  if (uint8_t(*p) < 0x20) error("a control character inside a string must be escaped");
}

std::string_view JsonReader::string() {
  if (peek() != '"') error("needed a string");
  const size_t begin = ++at_;
  pass_plain();
  if (text_[at_] == '"') return text_.substr(begin, at_++ - begin);  // no escapes: a view into the text
  scratch_.assign(text_, begin, at_ - begin);
  while (text_[at_] != '"') {
    if (text_[at_] == '\\') {
      const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : 0;
      static constexpr std::string_view kEscapes = "\"\\/bfnrt", kMeaning = "\"\\/\b\f\n\r\t";
      if (c == 'u') {
        int code = hex4(text_.substr(std::min(at_ + 2, text_.size())));
        if (code < 0) error("needed four hexadecimal digits after \\u");
        at_ += 6;
        if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
          const int low = hex4(text_.substr(at_ + 2));
          if (low >= 0xdc00 && low < 0xe000) code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), at_ += 6;
        }
        if (code >= 0xd800 && code < 0xe000) error("half a surrogate pair is not a character");
        utf8::append(scratch_, char32_t(code));
      } else if (const size_t i = kEscapes.find(c); c && i != std::string_view::npos) {
        scratch_ += kMeaning[i];
        at_ += 2;
      } else {
        error("unknown escape in a string");
      }
    }
    const size_t from = at_;
    pass_plain();
    scratch_.append(text_, from, at_ - from);
  }
  at_++;
  return scratch_;
}

namespace {
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool of_number(char c) { return is_digit(c) || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E'; }
}  // namespace

std::string_view JsonReader::number_text() {
  peek();
  const size_t begin = at_;
  while (at_ < text_.size() && of_number(text_[at_])) at_++;
  return text_.substr(begin, at_ - begin);
}
uint32_t JsonReader::unsigned_number(const char* what) {
  const size_t begin = (peek(), at_);
  uint32_t out = 0;
  while (at_ < text_.size() && at_ < begin + 9 && is_digit(text_[at_])) out = out * 10 + uint32_t(text_[at_++] - '0');
  if (at_ > begin && at_ < text_.size() && !of_number(text_[at_])) return out;
  at_ = begin;
  const std::string_view digits = number_text();
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (digits.empty() || code != std::errc() || end != digits.data() + digits.size()) {
    at_ = begin;
    error(str(what, " must be a whole number from 0 to 4294967295"));
  }
  return out;
}
namespace {
// The value as the library reads it (serde_json without exact rounding): digits as a whole number, times or by a power
// of ten. The last bit decides between pieces of equal scores. The text is a number already.
double rounded_twice(std::string_view digits) {
  static const auto powers = [] {
    std::array<double, 309> out;
    for (size_t i = 0; i < out.size(); i++) {
      const std::string text = "1e" + std::to_string(i);
      std::from_chars(text.data(), text.data() + text.size(), out[i]);
    }
    return out;
  }();
  const bool negative = digits[0] == '-';
  uint64_t whole = 0;
  int64_t exponent = 0;
  bool full = false, point = false;
  size_t i = negative;
  for (; i < digits.size() && digits[i] != 'e' && digits[i] != 'E'; i++) {
    if (digits[i] == '.') {
      point = true;
      continue;
    }
    const uint64_t digit = uint64_t(digits[i] - '0');
    full |= whole > (UINT64_MAX - digit) / 10;
    if (!full) whole = whole * 10 + digit;
    exponent += int(full) - int(point);
  }
  if (i < digits.size()) {
    int32_t given = 0;
    const size_t sign = i + 1 < digits.size() && digits[i + 1] == '+';
    std::from_chars(digits.data() + i + 1 + sign, digits.data() + digits.size(), given);
    exponent += given;
  }
  double out = double(whole);
  for (; exponent < -308 && out != 0; exponent += 308) out /= powers[308];
  if (out != 0)
    exponent < 0 ? out /= powers[size_t(-exponent)] : out *= powers[size_t(std::min<int64_t>(exponent, 308))];
  return negative ? -out : out;
}
}  // namespace

double JsonReader::number() {
  const size_t begin = (peek(), at_);
  const std::string_view digits = number_text();
  double out = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (digits.empty() || digits[0] == '+' || code != std::errc() || end != digits.data() + digits.size()) {
    at_ = begin;
    error("needed a number");
  }
  return rounded_twice(digits);
}
void JsonReader::literal(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) error("needed a JSON value");
  at_ += word.size();
}

Json JsonReader::value() {
  switch (peek()) {
    case '{': {
      Json out = Json::object();
      auto& entries = out.get_ref<Json::object_t&>();
      std::string key;
      std::unordered_set<std::string> seen;  // vocabularies have hundreds of thousands of fields
      begin_object();
      while (next_key(key)) {
        // Two equal keys would make lookups and writing disagree.
        if (!seen.insert(key).second) error(str("duplicate field '", key, "'"));
        Json child = value();
        static_cast<std::vector<Json::object_t::value_type>&>(entries).emplace_back(key, std::move(child));
      }
      return out;
    }
    case '[': {
      Json out = Json::array();
      begin_array();
      while (next_item()) out.push_back(value());
      return out;
    }
    case '"':
      return std::string(string());
    case 't':
      return literal("true"), true;
    case 'f':
      return literal("false"), false;
    case 'n':
      return literal("null"), nullptr;
    default: {
      const size_t begin = at_;
      const std::string_view digits = number_text();
      uint64_t whole;
      int64_t negative;
      const char* last = digits.data() + digits.size();
      if (auto r = std::from_chars(digits.data(), last, whole); r.ec == std::errc() && r.ptr == last) return whole;
      if (auto r = std::from_chars(digits.data(), last, negative); r.ec == std::errc() && r.ptr == last)
        return negative;
      at_ = begin;
      return number();
    }
  }
}

void JsonReader::skip_value() {
  std::string key;
  switch (peek()) {
    case '{':
      begin_object();
      while (next_key(key)) skip_value();
      break;
    case '[':
      begin_array();
      while (next_item()) skip_value();
      break;
    case '"':
      string();
      break;
    case 't':
      literal("true");
      break;
    case 'f':
      literal("false");
      break;
    case 'n':
      literal("null");
      break;
    default:
      number();
  }
}

void JsonReader::finish() {
  if (peek()) error("unexpected text after the end of the document");
}

}  // namespace ef::tokenizers
