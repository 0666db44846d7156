// Cutting where the kind of character changes.
#pragma once
#include "tokenizers/scanners/classifier.h"
#include "tokenizers/scanners/scanner.h"

namespace ef::tokenizers {

enum class Kind : uint8_t {
  Dropped,  // part of no word
  Alone,    // a word of its own
  Run,      // words are runs of these, or of the others; ASCII letters must be such
  OtherRun,
};

// kKind(p, length) is the kind of the character at p, and sets its length.
template <auto kKind>
const char* cut_by_kind(const char* base, const char* at, const char* end, Span*& out, Span* limit) {
  while (at < end && limit - out >= 2) {
    int n;
    const Kind kind = kKind(at, n);
    const char* begin = at;
    at += n;
    if (kind == Kind::Dropped) continue;
    if (kind == Kind::Run) at = ascii_letters<Case::Any>(at, end);
    if (kind != Kind::Alone)
      while (at < end && kKind(at, n) == kind) at += n;
    *out++ = {uint32_t(begin - base), uint32_t(at - base)};
  }
  return at;
}

}  // namespace ef::tokenizers
