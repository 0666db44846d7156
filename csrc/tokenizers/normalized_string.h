// A text that remembers where it came from: every byte of the normalized text knows the bytes of the original behind
// it.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizers/utf8.h"

namespace ef::tokenizers {

class CharacterMap;
class Pattern;

struct Span {
  uint32_t begin = 0, end = 0;
  bool operator==(const Span&) const = default;
};

// Cuts [at, end) into words and writes them to `out`, as positions from `base`. Stops when fewer than two more have
// room before `limit`, and returns where to go on: `end` when nothing is left.
using Cutter = const char* (*)(const char* base, const char* at, const char* end, Span*& out, Span* limit);

class NormalizedString {
 public:
  // `original` must outlive this object; nothing is copied until something changes. Without tracking, only the text is
  // kept up: for those who won't ask where it came from.
  explicit NormalizedString(std::string_view original, bool tracked = true);
  // Bytes [begin, end) of another one, which must outlive this object until the first change.
  NormalizedString(const NormalizedString& whole, uint32_t begin, uint32_t end);

  std::string_view text() const { return owned_ ? std::string_view(text_) : view_; }
  uint32_t size() const { return uint32_t(text().size()); }
  std::string_view original() const { return original_; }
  bool tracked() const { return tracked_; }
  // Part of the original that this text stands for, also after changes.
  Span source() const { return source_; }
  // The same original at another address. What views the text itself has to own it by now.
  void move_to(std::string_view original) { original_ = original; }
  bool changed() const { return owned_; }
  // Part of the original behind bytes [begin, end) of the text; whole characters.
  Span source(uint32_t begin, uint32_t end) const {
    if (begin == end) return {source_.begin + begin, source_.begin + begin};
    return {alignment(begin).begin, alignment(end - 1).end};
  }

  // One code point of a new text. `change` is 0 when it replaces the next old one, 1 when it is inserted, -n when it
  // replaces the next one and the n after that are dropped.
  struct Change {
    char32_t c;
    int32_t change;
  };
  // Replaces bytes [begin, end); `initial_removed` old code points are dropped first.
  void transform(uint32_t begin, uint32_t end, std::span<const Change> changes, size_t initial_removed);
  void transform(std::span<const Change> changes, size_t initial_removed = 0) {
    transform(0, size(), changes, initial_removed);
  }

  void filter(const std::function<bool(char32_t)>& keep);
  void map(const std::function<char32_t(char32_t)>& f);
  // Every ASCII character c becomes ascii[c], kDropped takes it away; others become what the map says. A maximal run of
  // others with one that does not stand alone goes through `rest`, as a text of its own.
  static constexpr uint8_t kDropped = 0xff;
  void map_characters(const std::array<uint8_t, 128>& ascii, const CharacterMap& others,
                      const std::function<void(NormalizedString&)>& rest);
  void lowercase();
  void uppercase();
  void prepend(std::string_view s);  // nothing happens to an empty text
  void append(std::string_view s);
  void replace(const Pattern& pattern, std::string_view content);
  void strip(bool left, bool right);
  // The words that `cut` finds, each behind one blank. The mark is a blank too; a word that begins with it needs no
  // other.
  void separate(Cutter cut, std::string_view mark);
  void clear();
  void assign(std::string text, std::vector<Span> alignments);  // for those who build both at once

  // Alignment of byte i; for a text laid out as before that is the character around it.
  Span alignment(uint32_t i) const {
    if (aligned_) return alignments_[i];
    i -= std::min(i, lead_);
    if (parent_) return parent_->alignment(offset_ + i);
    uint32_t begin = offset_ + i;
    if (begin >= original_.size()) return {source_.end, source_.end};
    if (uint8_t(original_[begin]) < 0x80) return {begin, begin + 1};
    while (utf8::is_continuation(original_[begin])) begin--;
    return {begin, begin + uint32_t(utf8::length_of(original_[begin]))};
  }

 private:
  class Builder;
  void own();  // copies text and alignments out of the view, before the first change
  template <class F>
  void rewrite(F&& f);
  template <class F>
  void each_alignment(uint32_t begin, uint32_t end, F&& f) const;
  static bool map_run(std::string_view old, uint32_t& at, const CharacterMap& others, Builder& out);
  std::string_view original_, view_;
  Span source_;
  bool tracked_ = true;
  bool owned_ = false;    // text_ holds; else view_ does
  bool aligned_ = false;  // alignments_ hold; else the bytes lie as in the parent or the original
  const NormalizedString* parent_ = nullptr;
  uint32_t offset_ = 0;  // of the text in the parent's, or in the original
  uint32_t lead_ = 0;    // bytes put in front of it since, which share the alignment of the first one
  std::string text_;
  std::vector<Span> alignments_;
};

}  // namespace ef::tokenizers
