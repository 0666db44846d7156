// Where a JSON value ends, by nothing but its brackets and strings.
#include <bit>

#include "tokenizers/json.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ef::tokenizers {
namespace {

#if defined(__SSE2__)
struct Marks {  // a bit for every byte of a block
  uint64_t quotes = 0, slashes = 0, open = 0, close = 0;
  explicit Marks(const char* block) {
    for (int i = 0; i < 64; i += 16) {
      const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + i));
      const __m128i folded = _mm_or_si128(text, _mm_set1_epi8(0x20));  // brackets become braces
      const auto where = [i](__m128i bytes, char c) {
        return uint64_t(uint32_t(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c))))) << i;
      };
      quotes |= where(text, '"');
      slashes |= where(text, '\\');
      open |= where(folded, '{');
      close |= where(folded, '}');
    }
  }
};
#endif

class Skipper {
 public:
  // Where the value that starts at `at` with a bracket ends, npos if it doesn't.
  size_t run(std::string_view text, size_t at) {
#if defined(__SSE2__)
    for (; at + 64 <= text.size(); at += 64)
      if (const int n = block(Marks(text.data() + at))) return at + size_t(n);
#endif
    for (; at < text.size(); at++)
      if (one(text[at])) return at + 1;
    return std::string_view::npos;
  }

 private:
  bool bracket(bool closes) { return (depth_ += closes ? -1 : 1) == 0; }
  bool one(char c) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '"') {
      inside_ = ~inside_;
    } else if (inside_) {
      escaped_ = c == '\\';
    } else if (c == '{' || c == '[' || c == '}' || c == ']') {
      return bracket(c == '}' || c == ']');
    }
    return false;
  }
#if defined(__SSE2__)
  int block(Marks m) {  // bytes up to the end, 0 if it isn't in the block
    if (escaped_) m.quotes &= ~1ull, m.slashes &= ~1ull, escaped_ = false;
    while (m.slashes) {
      const int i = std::countr_zero(m.slashes);
      escaped_ = i == 63;
      m.quotes &= ~(2ull << i);
      m.slashes &= ~(3ull << i);
    }
    uint64_t strings = m.quotes;  // from each opening quote to before its closing one
    for (int shift = 1; shift < 64; shift *= 2) strings ^= strings << shift;
    strings ^= inside_;
    inside_ = strings >> 63 ? ~0ull : 0;
    for (uint64_t left = (m.open | m.close) & ~strings; left; left &= left - 1) {
      const int i = std::countr_zero(left);
      if (bracket(m.close >> i & 1)) return i + 1;
    }
    return 0;
  }
#endif
  int64_t depth_ = 0;
  uint64_t inside_ = 0;   // all bits: in a string
  bool escaped_ = false;  // the next byte
};
}  // namespace

void JsonReader::skip_unread() {
  const char first = peek();
  if (first != '{' && first != '[') return skip_value();
  const size_t end = Skipper().run(text_, at_);
  at_ = std::min(end, text_.size());
  if (end == std::string_view::npos) error("the text ends inside of a value; incomplete download?");
}

}  // namespace ef::tokenizers
