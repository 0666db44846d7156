#include "tokenizers/scanners.h"

#include "tokenizers/unicode.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

// Class of the character at p and its length; ASCII comes from a small table.
class Classifier {
 public:
  Classifier() : tables_(UnicodeTables::instance()) {
    for (int i = 0; i < 128; i++) ascii_[i] = tables_.text_class(char32_t(i));
  }
  uint8_t operator()(const char* p, int& length) const {
    if (uint8_t(*p) < 0x80) return length = 1, ascii_[uint8_t(*p)];
    return tables_.text_class(utf8::decode(p, length));
  }
  // End of the longest run from p whose characters have a class in `any` and none in `none`.
  const char* run(const char* p, const char* end, uint8_t any, uint8_t none = 0) const {
    for (int n; p < end; p += n) {
      const uint8_t c = (*this)(p, n);
      if (!(c & any) || (c & none)) break;
    }
    return p;
  }
  const char* run_without(const char* p, const char* end, uint8_t none) const {
    for (int n; p < end; p += n)
      if ((*this)(p, n) & none) break;
    return p;
  }

 private:
  const UnicodeTables& tables_;
  uint8_t ascii_[128];
};
const Classifier& classifier() {
  static const Classifier instance;
  return instance;
}

bool is_newline(char c) { return c == '\n' || c == '\r'; }

// Bytes of 's 't 're 've 'm 'll 'd at p, or 0. Without regard to case, U+017F is an s as well.
template <bool AnyCase>
int contraction(const char* p, const char* end) {
  if (p == end || *p != '\'' || p + 1 == end) return 0;
  const auto fold = [](char c) { return AnyCase && c >= 'A' && c <= 'Z' ? char(c + 32) : c; };
  const char a = fold(p[1]);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
  if (p + 2 == end) return 0;
  const char b = fold(p[2]);
  if ((b == 'e' && (a == 'r' || a == 'v')) || (a == 'l' && b == 'l')) return 3;
  return AnyCase && p[1] == '\xc5' && p[2] == '\xbf' ? 3 : 0;
}

enum class Words {
  Plain,      //  ?\p{L}+
  Prefixed,   // [^\r\n\p{L}\p{N}]?\p{L}+
  WithMarks,  // [^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+, and marks are no punctuation
  Cased,      // upper-case run, lower-case run; one of them may be empty
};
struct Rules {
  Words words;
  bool contractions;        // before everything else
  bool contraction_suffix;  // as the end of a word
  bool any_case;
  int digits;     // at most so many numbers together; 0:  ?\p{N}+
  bool newlines;  // \s*[\r\n]+, and line ends stay with the punctuation before them
  bool slashes;   // '/' too
};

// [^\r\n\p{L}\p{N}]? then upper*lower+ or upper+lower*; nullptr when neither matches.
const char* cased_word(const Classifier& cls, const char* p, const char* end) {
  const char* last_both = nullptr;  // end of the last character that may also count as lower case
  const char* q = p;
  for (int n; q < end; q += n) {
    const uint8_t c = cls(q, n);
    if (!(c & kUpper)) break;
    if (c & kLower) last_both = q + n;
  }
  const char* stop = cls.run(q, end, kLower);
  if (stop > q) return stop;        // upper* lower+
  if (last_both) return last_both;  // upper* gives its last ambiguous character back
  return nullptr;
}

template <Rules R>
bool scan(const char* p, const char* end, Match& out) {
  const Classifier& cls = classifier();
  out.begin = p;
  if constexpr (R.contractions)
    if (const int n = contraction<R.any_case>(p, end)) return out.end = p + n, true;
  int n, n2 = 0;
  const uint8_t c = cls(p, n);
  const char* next = p + n;
  const uint8_t c2 = next < end ? cls(next, n2) : 0;

  // Words.
  if constexpr (R.words == Words::Plain) {
    if (c & kLetter) return out.end = cls.run(next, end, kLetter), true;
    if (*p == ' ' && c2 & kLetter) return out.end = cls.run(next + n2, end, kLetter), true;
  } else if constexpr (R.words == Words::Cased) {
    const char* stop = nullptr;
    const bool prefix = !(c & (kLetter | kNumber)) && !is_newline(*p);
    if (prefix) stop = cased_word(cls, next, end);
    if (!stop) stop = cased_word(cls, p, end);
    if (!stop && prefix) {  // upper+ lower*, after upper* lower+ failed with and without the prefix
      const char* q = cls.run(next, end, kUpper);
      if (q > next) stop = q;
    }
    if (!stop) {
      const char* q = cls.run(p, end, kUpper);
      if (q > p) stop = q;
    }
    if (stop) {
      if constexpr (R.contraction_suffix) stop += contraction<R.any_case>(stop, end);
      return out.end = stop, true;
    }
  } else {
    constexpr uint8_t kWord = R.words == Words::WithMarks ? kLetter | kMark : kLetter;
    if (!(c & (kLetter | kNumber)) && !is_newline(*p) && c2 & kWord)
      return out.end = cls.run(next + n2, end, kWord), true;
    if (c & kWord) return out.end = cls.run(next, end, kWord), true;
  }

  // Numbers.
  if constexpr (R.digits == 0) {
    if (c & kNumber) return out.end = cls.run(next, end, kNumber), true;
    if (*p == ' ' && c2 & kNumber) return out.end = cls.run(next + n2, end, kNumber), true;
  } else if (c & kNumber) {
    for (int i = 1; i < R.digits && next < end && cls(next, n2) & kNumber; i++) next += n2;
    return out.end = next, true;
  }

  // Everything that is neither white space, letter nor number.
  constexpr uint8_t kOther =
      R.words == Words::WithMarks ? kSpace | kLetter | kNumber | kMark : kSpace | kLetter | kNumber;
  const char* body = nullptr;
  if (!(c & kOther))
    body = next;
  else if (*p == ' ' && next < end && !(c2 & kOther))
    body = next + n2;
  if (body) {
    body = cls.run_without(body, end, kOther);
    if constexpr (R.newlines)
      while (body < end && (is_newline(*body) || (R.slashes && *body == '/'))) body++;
    return out.end = body, true;
  }

  // White space: up to its last line end; else all but the last one, unless the text ends there or it is the only one.
  const char* last = p;
  const char* after_newline = nullptr;
  const char* q = p;
  for (int m; q < end; q += m) {
    if (!(cls(q, m) & kSpace)) break;
    last = q;
    if (R.newlines && is_newline(*q)) after_newline = q + 1;
  }
  if (after_newline) return out.end = after_newline, true;
  return out.end = q == end || last == p ? q : last, true;
}

// One run of characters of a class, at most `Max` long (0: no limit).
template <uint8_t Class, int Max>
bool scan_class(const char* p, const char* end, Match& out) {
  const Classifier& cls = classifier();
  for (int n; p < end; p += n) {
    if (!(cls(p, n) & Class)) continue;
    out.begin = p;
    int count = 0;
    do {
      p += n, count++;
    } while ((Max == 0 || count < Max) && p < end && cls(p, n) & Class);
    return out.end = p, true;
  }
  return false;
}

// [一-龥぀-ゟ゠-ヿ]+
bool scan_cjk(const char* p, const char* end, Match& out) {
  const auto in = [](char32_t c) { return (c >= 0x4e00 && c <= 0x9fa5) || (c >= 0x3040 && c <= 0x30ff); };
  for (int n; p < end; p += n) {
    if (uint8_t(*p) < 0xe3) {
      n = utf8::length_of(*p);
      continue;
    }
    if (!in(utf8::decode(p, n))) continue;
    out.begin = p;
    do p += n;
    while (p < end && in(utf8::decode(p, n)));
    return out.end = p, true;
  }
  return false;
}

// The third of DeepSeek-V3's splits. Numbers and most control characters are no part of any match.
bool scan_deepseek(const char* p, const char* end, Match& out) {
  const Classifier& cls = classifier();
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  constexpr uint8_t kLetterOrMark = kLetter | kMark, kSign = kPunctuation | kSymbol;
  for (int n; p < end; p += n) {
    out.begin = p;
    int n2 = 0;
    const uint8_t c = cls(p, n);
    const char* next = p + n;
    const uint8_t c2 = next < end ? cls(next, n2) : 0;
    if (uint8_t(*p) < 0x80 && c & kSign && next < end && letter(*next)) {
      while (next < end && letter(*next)) next++;
      return out.end = next, true;
    }
    if (!(c & (kLetter | kSign)) && !is_newline(*p) && c2 & kLetterOrMark)
      return out.end = cls.run(next + n2, end, kLetterOrMark), true;
    if (c & kLetterOrMark) return out.end = cls.run(next, end, kLetterOrMark), true;
    if (c & kSign || (*p == ' ' && c2 & kSign)) {
      next = cls.run(c & kSign ? next : next + n2, end, kSign);
      while (next < end && is_newline(*next)) next++;
      return out.end = next, true;
    }
    if (c & kSpace) {
      const char* last = p;
      const char* after_newline = nullptr;
      const char* q = p;
      for (int m; q < end; q += m) {
        if (!(cls(q, m) & kSpace)) break;
        last = q;
        if (is_newline(*q)) after_newline = q + 1;
      }
      out.end = after_newline ? after_newline : q == end || last == p ? q : last;
      return true;
    }
  }
  return false;
}

constexpr Rules kGpt2{Words::Plain, true, false, false, 0, false, false};
constexpr Rules kLlama3{Words::Prefixed, true, false, true, 3, true, false};
constexpr Rules kQwen2{Words::Prefixed, true, false, true, 1, true, false};
constexpr Rules kQwen35{Words::WithMarks, true, false, true, 1, true, false};
constexpr Rules kO200k{Words::Cased, false, true, true, 3, true, true};
constexpr Rules kTekken{Words::Cased, false, false, true, 1, true, true};

struct Known {
  std::string_view pattern;
  Scanner scanner;
};
constexpr Known kKnown[] = {
    {patterns::kGpt2, scan<kGpt2>},     {patterns::kLlama3, scan<kLlama3>},
    {patterns::kCl100k, scan<kLlama3>}, {patterns::kQwen2, scan<kQwen2>},
    {patterns::kQwen35, scan<kQwen35>}, {patterns::kO200k, scan<kO200k>},
    {patterns::kTekken, scan<kTekken>}, {patterns::kDeepseekNumbers, scan_class<kNumber, 3>},
    {patterns::kDeepseekCjk, scan_cjk}, {patterns::kDeepseekWords, scan_deepseek},
    {"\\p{N}", scan_class<kNumber, 1>}, {"\\p{N}+", scan_class<kNumber, 0>},
};
}  // namespace

Scanner find_scanner(std::string_view pattern) {
  std::string escaped;  // some files have line ends as characters, others as escapes
  for (char c : pattern) {
    if (c == '\r')
      escaped += "\\r";
    else if (c == '\n')
      escaped += "\\n";
    else
      escaped += c;
  }
  for (const Known& known : kKnown)
    if (known.pattern == escaped) return known.scanner;
  return nullptr;
}
std::vector<std::string_view> scanner_patterns() {
  std::vector<std::string_view> out;
  for (const Known& known : kKnown) out.push_back(known.pattern);
  return out;
}

}  // namespace ef::tokenizers
