// The family of patterns that began with GPT-2: contractions, words, numbers, other signs, white space.
#pragma once
#include "tokenizers/scanners/classifier.h"
#include "tokenizers/scanners/scanner.h"

namespace ef::tokenizers {

// Bytes of 's 't 're 've 'm 'll 'd at p, or 0. Without regard to case, U+017F is an s as well.
template <bool AnyCase>
inline int contraction(const char* p, const char* end) {
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
inline const char* cased_word(const char* p, const char* end) {
  const char* last_both = nullptr;  // end of the last character that may also count as lower case
  const char* q = p;
  for (int n; q < end; q += n) {
    const uint8_t c = class_at(q, n);
    if (!(c & kUpper)) break;
    if (c & kLower) last_both = q + n;
  }
  const char* stop = run_of<kLower>(q, end);
  if (stop > q) return stop;        // upper* lower+
  if (last_both) return last_both;  // upper* gives its last ambiguous character back
  return nullptr;
}

template <Rules R>
bool scan(const char* p, const char* end, Match& out) {
  out.begin = p;
  if constexpr (R.contractions)
    if (const int n = contraction<R.any_case>(p, end)) return out.end = p + n, true;
  int n, n2 = 0;
  const uint8_t c = class_at(p, n);
  const char* next = p + n;
  const uint8_t c2 = next < end ? class_at(next, n2) : 0;

  // Words.
  if constexpr (R.words == Words::Plain) {
    if (c & kLetter) return out.end = run_of<kLetter>(next, end), true;
    if (*p == ' ' && c2 & kLetter) return out.end = run_of<kLetter>(next + n2, end), true;
  } else if constexpr (R.words == Words::Cased) {
    const char* stop = nullptr;
    const bool prefix = !(c & (kLetter | kNumber)) && !is_newline(*p);
    if (prefix) stop = cased_word(next, end);
    if (!stop) stop = cased_word(p, end);
    if (!stop && prefix) {  // upper+ lower*, after upper* lower+ failed with and without the prefix
      const char* q = run_of<kUpper>(next, end);
      if (q > next) stop = q;
    }
    if (!stop) {
      const char* q = run_of<kUpper>(p, end);
      if (q > p) stop = q;
    }
    if (stop) {
      if constexpr (R.contraction_suffix) stop += contraction<R.any_case>(stop, end);
      return out.end = stop, true;
    }
  } else {
    constexpr uint8_t kWord = R.words == Words::WithMarks ? kLetter | kMark : kLetter;
    if (!(c & (kLetter | kNumber)) && !is_newline(*p) && c2 & kWord)
      return out.end = run_of<kWord>(next + n2, end), true;
    if (c & kWord) return out.end = run_of<kWord>(next, end), true;
  }

  // Numbers.
  if constexpr (R.digits == 0) {
    if (c & kNumber) return out.end = run_of<kNumber>(next, end), true;
    if (*p == ' ' && c2 & kNumber) return out.end = run_of<kNumber>(next + n2, end), true;
  } else if (c & kNumber) {
    for (int i = 1; i < R.digits && next < end && class_at(next, n2) & kNumber; i++) next += n2;
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
    body = run_without<kOther>(body, end);
    if constexpr (R.newlines)
      while (body < end && (is_newline(*body) || (R.slashes && *body == '/'))) body++;
    return out.end = body, true;
  }

  return out.end = white_space<R.newlines>(p, end), true;
}

// What a file of scanners lists.
template <Rules R>
constexpr KnownPattern known(std::string_view pattern) {
  return {pattern, scan<R>, cut_isolated<scan<R>>};
}

}  // namespace ef::tokenizers
