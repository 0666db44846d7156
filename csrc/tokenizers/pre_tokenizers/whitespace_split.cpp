// Splits at white space.
#include <bit>

#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/scanners/classifier.h"
#include "tokenizers/unicode.h"

namespace ef::tokenizers {
namespace {

// The next byte that white space may begin with, 16 at a time; all of it that is not ASCII begins with C2, E1, E2 or
// E3.
const char* may_be_space(const char* at, const char* end) {
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i from_e1 = _mm_add_epi8(bytes, _mm_set1_epi8(256 - 0xe1));
    const __m128i ascii = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(' ')), bytes);
    const __m128i two = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(char(0xc2)));
    const __m128i three = _mm_cmpeq_epi8(_mm_min_epu8(from_e1, _mm_set1_epi8(2)), from_e1);
    if (const int found = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(ascii, two), three)))
      return at + std::countr_zero(unsigned(found));
  }
  while (at < end && utf8::is_continuation(*at)) at++;
#endif
  return at;
}

const char* end_of_word(const char* at, const char* end) {
  for (int n; (at = may_be_space(at, end)) < end; at += n)
    if (class_at(at, n) & kSpace) return at;
  return end;
}

class WhitespaceSplit : public PreTokenizer {
 public:
  void pre_tokenize(PreTokenizedString& text) const override { text.cut(cut_at_white_space); }
  bool add_to(Cuts& cuts) const override { return cuts.then_cut(cut_at_white_space); }
  Json to_json() const override { return {{"type", "WhitespaceSplit"}}; }
};

}  // namespace

const char* cut_at_white_space(const char* base, const char* at, const char* end, Span*& out, Span* limit) {
  for (int n; at < end && limit - out >= 2;) {
    const char* begin = at;
    if (class_at(at, n) & kSpace) {
      at += n;
      continue;
    }
    at = end_of_word(at + n, end);
    *out++ = {uint32_t(begin - base), uint32_t(at - base)};
  }
  return at;
}

PreTokenizerPtr read_whitespace_split(const Json&) { return std::make_shared<WhitespaceSplit>(); }

}  // namespace ef::tokenizers
