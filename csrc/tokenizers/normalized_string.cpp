#include "tokenizers/normalized_string.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "tokenizers/character_map.h"
#include "tokenizers/pattern.h"
#include "tokenizers/unicode.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

NormalizedString::NormalizedString(std::string_view original, bool tracked)
    : original_(original), view_(original), source_{0, uint32_t(original.size())}, tracked_(tracked) {}

NormalizedString::NormalizedString(const NormalizedString& whole, uint32_t begin, uint32_t end)
    : original_(whole.original_),
      view_(whole.text().substr(begin, end - begin)),
      tracked_(whole.tracked_),
      parent_(whole.aligned_ || whole.lead_ ? &whole : whole.parent_),
      offset_((parent_ == &whole ? 0 : whole.offset_) + begin) {
  if (tracked_ || !whole.owned_) source_ = whole.source(begin, end);
}

// f(alignment) of each byte where aligned_ does not hold. The bytes of a character of the original share theirs.
template <class F>
void NormalizedString::each_alignment(uint32_t begin, uint32_t end, F&& f) const {
  const std::string_view bytes = text();
  for (uint32_t i = begin; i < end;) {
    const Span span = alignment(i);
    do f(span);
    while (++i < end && !parent_ && utf8::is_continuation(bytes[i]));
  }
}

// The new text of one being changed, with its alignments where they are tracked.
class NormalizedString::Builder {
 public:
  explicit Builder(NormalizedString& s) : s_(s), from_(s.text()) {}
  void reserve(size_t n) {
    text.reserve(n);
    if (s_.tracked_) aligned.reserve(n);
  }
  void keep(uint32_t begin, uint32_t end) {
    text.append(from_, begin, end - begin);
    if (!s_.tracked_) return;
    if (s_.aligned_) {
      aligned.insert(aligned.end(), s_.alignments_.begin() + begin, s_.alignments_.begin() + end);
    } else {
      s_.each_alignment(begin, end, [&](Span span) { aligned.push_back(span); });
    }
  }
  // What was appended to `text` since comes from `span`.
  void align(Span span) {
    if (s_.tracked_) aligned.resize(text.size(), span);
  }
  Span before(uint32_t at) const {  // of the byte before
    return !s_.tracked_ ? Span{} : at > 0 ? s_.alignment(at - 1) : Span{s_.source_.begin, s_.source_.begin};
  }
  Span of(uint32_t at) const {
    return !s_.tracked_ ? Span{} : at < from_.size() ? s_.alignment(at) : Span{s_.source_.end, s_.source_.end};
  }
  bool tracks() const { return s_.tracked_; }
  void finish() { s_.assign(std::move(text), std::move(aligned)); }
  std::string text;
  std::vector<Span> aligned;

 private:
  NormalizedString& s_;
  std::string_view from_;
};

void NormalizedString::own() {
  if (!owned_) text_ = view_;
  owned_ = true;
  if (!tracked_ || aligned_) return;
  alignments_.resize(text_.size());
  Span* to = alignments_.data();
  each_alignment(0, uint32_t(text_.size()), [&](Span span) { *to++ = span; });
  aligned_ = true;
  parent_ = nullptr;
}

void NormalizedString::assign(std::string text, std::vector<Span> alignments) {
  text_ = std::move(text);
  alignments_ = std::move(alignments);
  owned_ = true;
  aligned_ = tracked_;
  parent_ = nullptr;
  lead_ = 0;
}

void NormalizedString::transform(uint32_t begin, uint32_t end, std::span<const Change> changes, size_t removed) {
  Builder out(*this);
  const std::string_view old = text();
  out.reserve(old.size() + 8);
  out.keep(0, begin);
  uint32_t at = begin;  // the next old byte
  const auto skip = [&](size_t n) {
    for (; n && at < end; n--) at += uint32_t(utf8::length_of(old[at]));
  };
  skip(removed);
  for (const auto& [c, change] : changes) {
    const Span from = change > 0 ? out.before(at) : out.of(at);
    if (change <= 0) skip(1 + size_t(-change));
    utf8::append(out.text, c);
    out.align(from);
  }
  out.keep(end, uint32_t(old.size()));
  out.finish();
}

// f(c, to) gives the number of code points that stand for c, or -1 to leave it; all come from where c did.
template <class F>
void NormalizedString::rewrite(F&& f) {
  const std::string_view old = text();
  Builder out(*this);
  uint32_t kept = 0, at = 0;
  bool changed = false;
  char32_t to[3];
  for (int length; at < old.size(); at += uint32_t(length)) {
    const int n = f(utf8::decode(old.data() + at, length), to);
    if (n < 0) continue;
    if (!changed) out.reserve(old.size() + 8), changed = true;
    out.keep(kept, at);
    for (int i = 0; i < n; i++) utf8::append(out.text, to[i]);
    out.align(out.of(at));
    kept = at + uint32_t(length);
  }
  if (!changed) return;
  out.keep(kept, at);
  out.finish();
}

void NormalizedString::filter(const std::function<bool(char32_t)>& keep) {
  rewrite([&](char32_t c, char32_t*) { return keep(c) ? -1 : 0; });
}
void NormalizedString::map(const std::function<char32_t(char32_t)>& f) {
  rewrite([&](char32_t c, char32_t* to) { return (to[0] = f(c)) == c ? -1 : 1; });
}
void NormalizedString::lowercase() {
  rewrite([](char32_t c, char32_t* to) {
    const int n = to_lower(c, to);
    return n == 1 && to[0] == c ? -1 : n;
  });
}
void NormalizedString::uppercase() {
  rewrite([](char32_t c, char32_t* to) { return to_upper(c, to); });
}

// Appends what the run of characters beyond ASCII from `at` becomes, and moves `at` to its end. False, with nothing
// appended, when one of them does not stand alone.
bool NormalizedString::map_run(std::string_view old, uint32_t& at, const CharacterMap& others, Builder& out) {
  const size_t text_size = out.text.size(), aligned_size = out.aligned.size();
  char block[256];
  size_t used = 0;
  bool alone = true;
  while (at < old.size() && uint8_t(old[at]) >= 0x80) {
    int n;
    const CharacterMap::Entry& entry = others[utf8::decode(old.data() + at, n)];
    alone &= entry.alone;
    if (out.tracks()) out.aligned.insert(out.aligned.end(), entry.length, out.of(at));
    std::memcpy(block + used, entry.text, sizeof entry.text);
    used += entry.length;
    if (used + sizeof entry.text > sizeof block) out.text.append(block, used), used = 0;
    at += uint32_t(n);
  }
  out.text.append(block, used);
  if (alone) return true;
  out.text.resize(text_size);
  out.aligned.resize(aligned_size);
  return false;
}

void NormalizedString::map_characters(const std::array<uint8_t, 128>& table, const CharacterMap& others,
                                      const std::function<void(NormalizedString&)>& rest) {
  const std::string_view old = text();
  const uint32_t size = uint32_t(old.size());
  uint32_t at = 0;
  while (at < size && uint8_t(old[at]) < 0x80 && table[uint8_t(old[at])] == uint8_t(old[at])) at++;
  if (at == size) return;  // nothing to do
  std::string same(old);   // as long as every character stays where it is
  for (; at < size && uint8_t(old[at]) < 0x80 && table[uint8_t(old[at])] != kDropped; at++)
    same[at] = char(table[uint8_t(old[at])]);
  if (at == size) {
    text_ = std::move(same);
    owned_ = true;
    return;
  }
  Builder out(*this);
  out.reserve(size + size / 8 + 8);
  const auto take = [&](uint32_t begin, uint32_t end) {
    out.keep(begin, end);
    std::copy(same.begin() + begin, same.begin() + end, out.text.end() - (end - begin));
  };
  take(0, at);
  while (at < size) {
    uint32_t begin = at;
    for (; at < size && uint8_t(old[at]) < 0x80 && table[uint8_t(old[at])] != kDropped; at++)
      same[at] = char(table[uint8_t(old[at])]);
    take(begin, at);
    while (at < size && uint8_t(old[at]) < 0x80 && table[uint8_t(old[at])] == kDropped) at++;
    begin = at;
    if (map_run(old, at, others, out)) continue;
    const auto dropped = [&](char c) { return uint8_t(c) < 0x80 && table[uint8_t(c)] == kDropped; };
    if (std::any_of(old.begin(), old.end(), dropped)) return rest(*this);  // what it stood between may be neighbours
    NormalizedString part(*this, begin, at);
    rest(part);
    out.text += part.text();
    if (tracked_)
      for (uint32_t i = 0; i < part.size(); i++) out.aligned.push_back(part.alignment(i));
  }
  out.finish();
}

void NormalizedString::prepend(std::string_view s) {
  if (text().empty() || s.empty()) return;
  // All of it shares the alignment of the first character, and so does that character.
  if (aligned_)
    alignments_.insert(alignments_.begin(), s.size(), alignments_[0]);
  else
    lead_ += uint32_t(s.size());
  if (!owned_) text_.reserve(view_.size() + s.size()), text_ = view_;
  owned_ = true;
  text_.insert(0, s);
}

void NormalizedString::append(std::string_view s) {
  if (s.empty()) return;
  own();
  text_ += s;
  const Span last = alignments_.empty() ? Span{source_.begin, source_.begin} : alignments_.back();
  if (tracked_) alignments_.resize(text_.size(), last);
}

void NormalizedString::replace(const Pattern& pattern, std::string_view content) {
  const std::string_view old = text();
  Builder out(*this);
  uint32_t kept = 0;
  bool any = false;
  pattern.for_each_match(old, [&](uint32_t begin, uint32_t end) {
    if (!any) out.reserve(old.size() + old.size() / 2), any = true;
    out.keep(kept, begin);
    out.text += content;
    out.align(out.before(end));
    kept = end;
  });
  if (!any) return;
  out.keep(kept, uint32_t(old.size()));
  out.finish();
}

void NormalizedString::strip(bool left, bool right) {
  const std::string_view s = text();
  size_t begin = 0, end = s.size();
  int length;
  while (left && begin < end && is_white_space(utf8::decode(s.data() + begin, length))) begin += size_t(length);
  while (right && end > begin) {
    size_t last = end - 1;
    while (utf8::is_continuation(s[last])) last--;
    if (!is_white_space(utf8::decode(s.data() + last, length))) break;
    end = last;
  }
  if (begin == 0 && end == s.size()) return;
  Builder out(*this);
  out.keep(uint32_t(begin), uint32_t(end));
  out.finish();
}

void NormalizedString::separate(Cutter cut, std::string_view mark) {
  const std::string_view old = text();
  Builder out(*this);
  out.reserve(old.size() + old.size() / 16 + 8);
  Span words[64];
  const char* const end = old.data() + old.size();
  for (const char* at = old.data(); at < end;) {
    Span* found = words;
    at = cut(old.data(), at, end, found, std::end(words));
    for (const Span* word = words; word < found; word++) {
      const std::string_view s = old.substr(word->begin, word->end - word->begin);
      if (!s.starts_with(mark)) {
        out.text += ' ';
        out.align(out.of(word->begin));
      }
      size_t kept = 0;
      for (size_t m; (m = s.find(mark, kept)) != std::string_view::npos; kept = m + mark.size()) {
        out.keep(word->begin + uint32_t(kept), word->begin + uint32_t(m));
        out.text += ' ';
        out.align(out.before(word->begin + uint32_t(m + mark.size())));
      }
      out.keep(word->begin + uint32_t(kept), word->end);
    }
  }
  out.finish();
}

void NormalizedString::clear() { assign({}, {}); }

}  // namespace ef::tokenizers
