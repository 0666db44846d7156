// What the scanners ask about characters: classes, and where runs of them end.
#pragma once
#include <array>
#include <bit>
#include <cstdint>

#include "tokenizers/unicode.h"
#include "tokenizers/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ef::tokenizers {

// TextClass of the ASCII characters.
inline constexpr std::array<uint8_t, 128> kAsciiClasses = [] {
  std::array<uint8_t, 128> out{};
  for (int c = 0; c < 128; c++) {
    const bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
    if (upper) out[size_t(c)] = kLetter | kUpper;
    if (lower) out[size_t(c)] = kLetter | kLower;
    if (digit) out[size_t(c)] = kNumber;
    if (c == ' ' || (c >= 9 && c <= 13)) out[size_t(c)] = kSpace;
    if (c <= ' ' || c == 127 || upper || lower || digit) continue;
    constexpr std::string_view kSymbols = "$+<=>^`|~";
    out[size_t(c)] = kSymbols.find(char(c)) != std::string_view::npos ? kSymbol : kPunctuation;
  }
  return out;
}();

// Class of the character at p, and its length.
inline uint8_t class_at(const char* p, int& length) {
  if (uint8_t(*p) < 0x80) return length = 1, kAsciiClasses[uint8_t(*p)];
  return text_class(utf8::decode(p, length));
}

// End of the run of ASCII letters from p: of both cases, or of one of them.
enum class Case { Any, Upper, Lower };
template <Case kCase>
const char* ascii_letters(const char* p, const char* end) {
  constexpr char kFirst = kCase == Case::Upper ? 'A' : 'a', kFold = kCase == Case::Any ? 0x20 : 0;
#if defined(__SSE2__)
  while (end - p >= 16) {
    const __m128i text = _mm_or_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), _mm_set1_epi8(kFold));
    const __m128i from_first = _mm_sub_epi8(text, _mm_set1_epi8(kFirst));
    const __m128i letters = _mm_cmpeq_epi8(_mm_min_epu8(from_first, _mm_set1_epi8(25)), from_first);
    const uint32_t others = ~uint32_t(_mm_movemask_epi8(letters)) & 0xffff;
    if (others) return p + std::countr_zero(others);
    p += 16;
  }
#endif
  while (p < end && uint8_t((*p | kFold) - kFirst) < 26) p++;
  return p;
}

// End of the longest run from p of characters that have a class in kAny.
template <uint8_t kAny>
const char* run_of(const char* p, const char* end) {
  if constexpr ((kAny & kLetter) != 0)
    p = ascii_letters<Case::Any>(p, end);
  else if constexpr ((kAny & kUpper) != 0)
    p = ascii_letters<Case::Upper>(p, end);
  else if constexpr ((kAny & kLower) != 0)
    p = ascii_letters<Case::Lower>(p, end);
  for (int n; p < end; p += n)
    if (!(class_at(p, n) & kAny)) break;
  return p;
}
// … of characters that have none.
template <uint8_t kNone>
const char* run_without(const char* p, const char* end) {
  for (int n; p < end; p += n)
    if (class_at(p, n) & kNone) break;
  return p;
}

inline bool is_newline(char c) { return c == '\n' || c == '\r'; }

// \s*[\r\n]+|\s+(?!\S)|\s+ (without the first part when line ends are nothing special): up to the last line end; else
// all but the last one, unless the text ends there or it is the only one.
template <bool kNewlines>
const char* white_space(const char* p, const char* end) {
  const char *begin = p, *last = p, *after_newline = nullptr;
  for (int n; p < end; p += n) {
    if (!(class_at(p, n) & kSpace)) break;
    last = p;
    if (kNewlines && is_newline(*p)) after_newline = p + 1;
  }
  if (after_newline) return after_newline;
  return p == end || last == begin ? p : last;
}

}  // namespace ef::tokenizers
