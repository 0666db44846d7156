// The character map of a SentencePiece model: a double-array trie of byte strings and what each becomes.
#include <utf8proc.h>

#include <array>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "tokenizers/base64.h"
#include "tokenizers/normalizers/normalizer.h"
#include "tokenizers/unicode.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

// The text as it becomes: with the way every character went, where somebody tracks that.
class Result {
 public:
  Result(bool tracked, std::string_view text) : tracked_(tracked), from_(text) {}
  void replace(size_t begin, size_t end, std::string_view to) {
    keep(begin);
    kept_ = end;
    if (!tracked_) {
      plain_ += to;
      return;
    }
    const ptrdiff_t before = ptrdiff_t(utf8::count(from_.substr(begin, end - begin))),
                    after = ptrdiff_t(utf8::count(to));
    for (char32_t c : utf8::chars(to)) changes_.push_back({c, 0});
    // More characters than before: the last ones are new. Fewer: the last one stands for the rest.
    for (ptrdiff_t i = 0; i < after - before && i < ptrdiff_t(changes_.size()); i++)
      changes_[changes_.size() - 1 - size_t(i)].change = 1;
    if (after < before && !changes_.empty()) changes_.back().change += int32_t(after - before);
  }
  void apply(NormalizedString& text) {
    if (!changed_) return;
    keep(from_.size());
    if (tracked_)
      text.transform(changes_);
    else
      text.assign(std::move(plain_), {});
  }

 private:
  void keep(size_t end) {
    if (!changed_) tracked_ ? changes_.reserve(from_.size()) : plain_.reserve(from_.size() + 8);
    changed_ = true;
    if (!tracked_) {
      plain_.append(from_, kept_, end - kept_);
      return;
    }
    for (char32_t c : utf8::chars(from_.substr(kept_, end - kept_))) changes_.push_back({c, 0});
  }
  bool tracked_, changed_ = false;
  std::string_view from_;
  size_t kept_ = 0;
  std::string plain_;
  std::vector<NormalizedString::Change> changes_;
};

class Precompiled : public Normalizer {
 public:
  explicit Precompiled(const Json& json) : encoded_(get_string(json, "precompiled_charsmap", "Precompiled")) {
    const std::string bytes = decode_base64(encoded_, "Precompiled: 'precompiled_charsmap'");
    if (bytes.empty()) return;
    uint32_t size = 0;
    check<TokenizerError>(bytes.size() >= 4, "Precompiled: the map has ", bytes.size(), " bytes, not even its size");
    std::memcpy(&size, bytes.data(), 4);
    check<TokenizerError>(size % 4 == 0 && size <= bytes.size() - 4, "Precompiled: a trie of ", size,
                          " bytes in a map of ", bytes.size(), "; damaged file?");
    trie_.resize(size / 4);
    std::memcpy(trie_.data(), bytes.data() + 4, size);
    texts_ = bytes.substr(4 + size);
    check<TokenizerError>(utf8::find_invalid(texts_) == std::string::npos,
                          "Precompiled: the replacements are not valid UTF-8");
    for (size_t b = 1; b < 256 && !trie_.empty(); b++) {
      const size_t unit = step(offset(trie_[0]), uint8_t(b));
      begins_[b] = unit != 0;
      for (size_t c = 0; c < 256 && b < 128 && unit; c++)
        begins_ascii_[b][c] = trie_[unit] >> 8 & 1 || (c && step(unit ^ offset(trie_[unit]), uint8_t(c)));
    }
    for (char32_t c = 0; c < 0x10000 && !trie_.empty(); c++) {
      if (c >= 0xd800 && c < 0xe000) continue;
      kinds_[c] |= stands_alone(c) ? kAlone : 0;  // a key may have made it kSecond
      if (c < 0x80) continue;
      if (const std::string text = utf8::encode(c); begins_[uint8_t(text[0])]) find_keys(c, text);
    }
    for (size_t b = 0; b < 0x80; b++)
      for (size_t c = 0; c < 256; c++)
        if (begins_ascii_[b][c]) loud_[c < 0x80 ? b : c] = 1;
    for (char32_t c = 0x80; c < 0x10000; c++)
      if (kinds_[c] & (kBegins | kSecond)) loud_[uint8_t(utf8::encode(c)[0])] = 1;
    for (size_t b = 0xf0; b < 256; b++) loud_[b] = begins_[b];
    for (size_t b = 0x20; b < 0x7f; b++)
      for (size_t c = 0x20; c < 0x7f; c++) ascii_stays_ &= !begins_ascii_[b][c];
  }

  void normalize(NormalizedString& text) const override {
    if (trie_.empty()) return;
    const std::string_view s = text.text();
    Result out(text.tracked(), s);
    // Where no key begins, nothing changes, whatever the graphemes are; they are looked for only where one does.
    std::string_view to;
    size_t boundary = 0;  // between graphemes, at or before `at`
    size_t key;
    uint8_t kind, before = kAlone;
    for (size_t at = 0; (at = skip(s, at, before)) < s.size(); before = kind) {
      size_t next = at;
      kind = kind_at(s, next);
      if (!(key = look_up(s.substr(at, kLongest), to))) {
        at = next;
        continue;
      }
      // Usually it is plain that the character is a grapheme.
      size_t after = next;
      if (kind & before & kAlone && (next == s.size() || kind_at(s, after) & kAlone)) {
        if (key <= next - at) out.replace(at, next, to);
        at = boundary = next;
        continue;
      }
      kind = 0;
      size_t end;
      boundary = sure_boundary(s, boundary, at);
      while ((end = grapheme_end(s, boundary)) <= at) boundary = end;
      const std::string_view grapheme = s.substr(at, end - at);
      const bool first = boundary == at;
      at = boundary = end;
      if (first && grapheme.size() <= kLongest && look_up(grapheme, to)) {
        out.replace(end - grapheme.size(), end, to);
        continue;
      }
      for (size_t i = end - grapheme.size(), n; i < end; i += n) {
        n = size_t(utf8::length_of(s[i]));
        if (look_up(s.substr(i, n), to)) out.replace(i, i + n, to);
      }
    }
    out.apply(text);
  }
  Json to_json() const override { return {{"type", "Precompiled"}, {"precompiled_charsmap", encoded_}}; }

 private:
  static constexpr size_t kLongest = 5;  // bytes of a grapheme that is looked up as a whole
  static size_t grapheme_end(std::string_view s, size_t at) {
    int length, state = 0;
    char32_t c = utf8::decode(s.data() + at, length);
    at += size_t(length);
    while (at < s.size()) {
      const char32_t next = utf8::decode(s.data() + at, length);
      if ((c < 0x80 && next < 0x80 && !(c == '\r' && next == '\n')) ||
          (utf8proc_grapheme_break_stateful(utf8proc_int32_t(c), utf8proc_int32_t(next), &state) &&
           !(is_joining(next) && category(c) != Category::Cc)))
        break;
      at += size_t(length);
      c = next;
    }
    return at;
  }

  // The last place up to `at`, and not before `begin`, where a boundary can be seen without a look at what is before.
  static size_t sure_boundary(std::string_view s, size_t begin, size_t at) {
    const auto ascii = [&](size_t i) { return uint8_t(s[i]) < 0x80; };
    for (; at > begin; at--)
      if (ascii(at) && ascii(at - 1) && !(s[at - 1] == '\r' && s[at] == '\n')) return at;
    return begin;
  }

  // Of the character at `at`, which moves on: whether it may begin a key, and whether it makes no grapheme with others.
  uint8_t kind_at(std::string_view s, size_t& at) const {
    const uint8_t a = uint8_t(s[at]);
    if (a < 128) {
      const uint8_t b = ++at < s.size() ? uint8_t(s[at]) : 0;
      return kinds_[a] | uint8_t(begins_ascii_[a][b] ? kBegins : 0);
    }
    int length;
    const char32_t c = utf8::decode(s.data() + at, length);
    at += size_t(length);
    return c < 0x10000 ? kinds_[c] : begins_[a] ? kBegins : 0;
  }
  // The next character from `at` on that may begin a key; `before` is the kind of the one before.
  size_t skip(std::string_view s, size_t at, uint8_t& before) const {
    const char *p = s.data() + at, *const end = s.data() + s.size();
    const char* loud = p;        // no stretch of quiet bytes begins before this
    const char* pair = nullptr;  // the character before, if it is of kPairs, and the kind of the one before that
    uint8_t last = before, earlier = 0;
    for (int n; p < end; p += n) {
      const uint8_t a = uint8_t(*p);
      uint8_t kind;
      if (a < 0x80) {
        const uint8_t b = p + 1 < end ? uint8_t(p[1]) : 0;
        if (b < 0x80 && ascii_stays_) {
          const char* const after = skip_ascii(p, end);
          if (after > p) {
            p = after, n = 0, last = kAlone, pair = nullptr;
            continue;
          }
        }
        kind = kinds_[a] | uint8_t(begins_ascii_[a][b] ? kBegins : 0);
        n = 1;
      } else {
        if (p >= loud) {
          const char* const after = skip_quiet(p, end, loud);
          if (after > p) {  // at the last quiet character, which begins no key
            p = after, pair = nullptr;
            last = kind_before(s.data(), p);
            if (uint8_t(*p) < 0x80) {
              n = 0;
              continue;
            }
          }
        }
        if (uint8_t(*p) < 0xf0) {
          kind = kinds_[utf8::decode(p, n)];
          if (kind & kSecond && pair) {
            p = pair, last = earlier;
            break;
          }
        } else {
          kind = begins_[uint8_t(*p)] ? kBegins : 0;
          n = 4;
        }
      }
      if (kind & kBegins) break;
      pair = kind & kPairs ? p : nullptr;
      earlier = last, last = kind;
    }
    before = last;
    return size_t(p - s.data());
  }
  // The last character of a stretch of quiet bytes from p on, or p; where there is none, `loud` is behind what stopped
  // it.
  const char* skip_quiet(const char* p, const char* end, const char*& loud) const {
    constexpr ptrdiff_t kStep = 8;
    const char* at = p;
    for (; end - at >= kStep; at += kStep) {
      uint8_t any = 0;
#pragma GCC unroll 8
      for (ptrdiff_t i = 0; i < kStep; i++) any |= loud_[uint8_t(at[i])];
      if (any) break;
    }
    loud = at;
    while (loud < end && !loud_[uint8_t(*loud)]) loud++;
    if (loud < end) loud++;
    if (at == p) return p;
    while (utf8::is_continuation(*--at)) {
    }
    return at;
  }
  uint8_t kind_before(const char* begin, const char* p) const {
    if (p == begin) return kAlone;
    while (utf8::is_continuation(*--p)) {
    }
    int length;
    const char32_t c = utf8::decode(p, length);
    return c < 0x10000 ? kinds_[c] : 0;
  }
  // Past printable ASCII characters that printable ones follow.
  static const char* skip_ascii(const char* p, const char* end) {
#if defined(__SSE2__)
    for (; end - p > 16; p += 15) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
      const __m128i others = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),  // signed: the others come first
                                          _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
      if (const int found = _mm_movemask_epi8(others)) {
        const int n = __builtin_ctz(unsigned(found));
        return p + n - (n > 0);
      }
    }
#endif
    return p;
  }
  // There is a boundary between any two such characters that follow one another. (Others need a look at more of them.)
  static bool stands_alone(char32_t c) {
    switch (utf8proc_get_property(utf8proc_int32_t(c))->boundclass) {
      case UTF8PROC_BOUNDCLASS_OTHER:
      case UTF8PROC_BOUNDCLASS_LF:
      case UTF8PROC_BOUNDCLASS_CONTROL:
      case UTF8PROC_BOUNDCLASS_LV:
      case UTF8PROC_BOUNDCLASS_LVT:
        return !is_joining(c);
      default:
        return false;
    }
  }
  // Whether this character is a key, or begins one together with another character.
  void find_keys(char32_t c, std::string_view text) {
    size_t at = offset(trie_[0]);
    for (const char byte : text) {
      const size_t unit = step(at, uint8_t(byte));
      if (!unit) return;
      at = unit ^ offset(trie_[unit]);
      if (trie_[unit] >> 8 & 1) return void(kinds_[c] |= kBegins);
    }
    kinds_[c] |= find_seconds(at, 0, 0) ? kPairs : kBegins;
  }
  // Notes the characters that lead on from here, some bytes of which (as the number `begun`) are known and `more` to
  // come. False when some are ASCII or take four bytes.
  bool find_seconds(size_t at, char32_t begun, int more) {
    for (unsigned byte = more ? 0x80 : 1; byte < (more ? 0xc0u : 256u); byte++) {
      const size_t unit = step(at, uint8_t(byte));
      if (!unit) continue;
      const size_t next = unit ^ offset(trie_[unit]);
      if (!more && (byte < 0xc2 || byte >= 0xf0)) return false;
      if (!more) {
        find_seconds(next, byte < 0xe0 ? byte & 31 : byte & 15, byte < 0xe0 ? 1 : 2);
      } else if (const char32_t c = begun << 6 | (byte & 63); more > 1) {
        find_seconds(next, c, more - 1);
      } else {
        kinds_[c] |= kSecond;
      }
    }
    return true;
  }
  static size_t offset(uint32_t unit) { return (unit >> 10) << ((unit & (1u << 9)) >> 6); }
  // Index of the unit for `byte` among those at `at`; 0: there is none.
  size_t step(size_t at, uint8_t byte) const {
    at ^= byte;
    return at < trie_.size() && (trie_[at] & ((1u << 31) | 0xff)) == byte ? at : 0;
  }
  // Length of the shortest key that `text` begins with, or 0: so the library looks whole graphemes up.
  size_t look_up(std::string_view text, std::string_view& to) const {
    size_t at = offset(trie_[0]);
    for (size_t i = 0; i < text.size(); i++) {
      const size_t unit = text[i] ? step(at, uint8_t(text[i])) : 0;
      if (!unit) return 0;
      at = unit ^ offset(trie_[unit]);
      if (trie_[unit] >> 8 & 1) {
        if (at >= trie_.size()) return 0;
        const size_t index = trie_[at] & ((1u << 31) - 1);
        if (index > texts_.size() || utf8::is_continuation(texts_[index])) return 0;
        to = texts_.c_str() + index;  // up to the next zero byte
        return i + 1;
      }
    }
    return 0;
  }

  std::string encoded_, texts_;
  bool begins_[256] = {};             // a key begins with this byte
  bool begins_ascii_[128][256] = {};  // with these two, or with the first alone
  // Of characters: may begin a key (not said of ASCII ones), makes no grapheme with others, begins keys but only
  // together with one of the next kind.
  static constexpr uint8_t kBegins = 1, kAlone = 2, kPairs = 4, kSecond = 8;
  std::array<uint8_t, 0x10000> kinds_ = {};
  uint8_t loud_[256] = {};   // not 0: a character with this first byte begins a key or is of kSecond
  bool ascii_stays_ = true;  // no key begins with two printable ASCII characters
  std::vector<uint32_t> trie_;
};

}  // namespace

NormalizerPtr read_precompiled(const Json& json) { return std::make_shared<Precompiled>(json); }

}  // namespace ef::tokenizers
