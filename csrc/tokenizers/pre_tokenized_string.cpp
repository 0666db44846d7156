#include "tokenizers/pre_tokenized_string.h"

#include <iterator>

#include "core/error.h"
#include "tokenizers/byte_alphabet.h"
#include "tokenizers/pattern.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {
constexpr struct {
  SplitBehavior behavior;
  const char *json, *python;
} kBehaviors[] = {{SplitBehavior::Removed, "Removed", "removed"},
                  {SplitBehavior::Isolated, "Isolated", "isolated"},
                  {SplitBehavior::MergedWithPrevious, "MergedWithPrevious", "merged_with_previous"},
                  {SplitBehavior::MergedWithNext, "MergedWithNext", "merged_with_next"},
                  {SplitBehavior::Contiguous, "Contiguous", "contiguous"}};
}  // namespace

SplitBehavior split_behavior_from_name(std::string_view name, std::string_view where) {
  for (auto& b : kBehaviors)
    if (name == b.json || name == b.python) return b.behavior;
  fail<TokenizerError>(where, ": '", name, "': Wrong value for SplitDelimiterBehavior, expected one of: ",
                       "`removed, isolated, merged_with_previous, merged_with_next, contiguous`");
}
const char* split_behavior_name(SplitBehavior behavior) {
  for (auto& b : kBehaviors)
    if (behavior == b.behavior) return b.json;
  return "";
}

PreTokenizedString::PreTokenizedString(std::string_view original, bool tracked)
    : PreTokenizedString(NormalizedString(original, tracked)) {}
PreTokenizedString::PreTokenizedString(NormalizedString text) : original_(text.original()) {
  texts_.push_back(std::move(text));
  pieces_.push_back({0, 0, texts_[0].size(), -1, true});
}

void PreTokenizedString::replace(Piece& piece, NormalizedString text) {
  texts_.push_back(std::move(text));
  piece.text = uint32_t(texts_.size() - 1);
  piece.begin = 0;
  piece.end = texts_.back().size();
  piece.whole = true;
}

void PreTokenizedString::spell_bytes() {
  if (!bytes_pending_) return;
  bytes_pending_ = false;
  normalize([](NormalizedString& text) { spell_as_bytes(text); });
}

void PreTokenizedString::cut(Cutter cutter) {
  split([&](std::string_view text, auto emit) {
    Span block[64];
    const char* end = text.data() + text.size();
    for (const char* at = text.data(); at < end;) {
      Span* out = block;
      at = cutter(text.data(), at, end, out, std::end(block));
      for (const Span* s = block; s < out; s++) emit(s->begin, s->end);
    }
  });
}

std::vector<SplitPart> split_parts(std::string_view text, const Pattern& pattern, bool invert) {
  std::vector<SplitPart> parts;
  uint32_t at = 0;
  const uint32_t size = uint32_t(text.size());
  pattern.for_each_match(text, [&](uint32_t begin, uint32_t end) {
    if (at < begin) parts.push_back({at, begin, invert});
    parts.push_back({begin, end, !invert});
    at = end;
  });
  if (at < size) parts.push_back({at, size, invert});
  return parts;
}

void join_parts(const std::vector<SplitPart>& parts, SplitBehavior behavior,
                const std::function<void(uint32_t, uint32_t)>& f) {
  switch (behavior) {
    case SplitBehavior::Isolated:
      for (auto& p : parts) f(p.begin, p.end);
      return;
    case SplitBehavior::Removed:
      for (auto& p : parts)
        if (!p.match) f(p.begin, p.end);
      return;
    case SplitBehavior::Contiguous:
      for (size_t i = 0; i < parts.size();) {
        size_t j = i + 1;
        while (j < parts.size() && parts[j].match == parts[i].match) j++;
        f(parts[i].begin, parts[j - 1].end);
        i = j;
      }
      return;
    case SplitBehavior::MergedWithPrevious:  // of several matches in a row, the first joins what stands before
      for (size_t i = 0; i < parts.size();) {
        const bool join = !parts[i].match && i + 1 < parts.size() && parts[i + 1].match;
        f(parts[i].begin, parts[i + join].end);
        i += 1 + join;
      }
      return;
    case SplitBehavior::MergedWithNext:  // … the last joins what follows
      for (size_t i = 0; i < parts.size();) {
        const bool join = parts[i].match && i + 1 < parts.size() && !parts[i + 1].match;
        f(parts[i].begin, parts[i + join].end);
        i += 1 + join;
      }
      return;
  }
}

void PreTokenizedString::split(const Pattern& pattern, SplitBehavior behavior, bool invert) {
  if (behavior == SplitBehavior::Isolated && pattern.isolated()) return cut(pattern.isolated());
  split([&](std::string_view text, auto emit) {
    join_parts(split_parts(text, pattern, invert), behavior, [&](uint32_t begin, uint32_t end) { emit(begin, end); });
  });
}

}  // namespace ef::tokenizers
