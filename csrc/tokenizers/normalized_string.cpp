#include "tokenizers/normalized_string.h"

#include <algorithm>

#include "tokenizers/pattern.h"
#include "tokenizers/unicode.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

NormalizedString::NormalizedString(std::string_view original)
    : original_(original), view_(original), source_{0, uint32_t(original.size())} {}

NormalizedString::NormalizedString(const NormalizedString& whole, uint32_t begin, uint32_t end)
    : original_(whole.original_),
      view_(whole.text().substr(begin, end - begin)),
      source_(whole.source(begin, end)),
      parent_(whole.owned_ ? &whole : whole.parent_),
      offset_((whole.owned_ ? 0 : whole.offset_) + begin) {}

void NormalizedString::own() {
  if (owned_) return;
  text_ = view_;
  alignments_.resize(text_.size());
  for (uint32_t i = 0; i < text_.size(); i++) alignments_[i] = alignment(i);
  owned_ = true;
  parent_ = nullptr;
}

void NormalizedString::assign(std::string text, std::vector<Span> alignments) {
  text_ = std::move(text);
  alignments_ = std::move(alignments);
  owned_ = true;
  parent_ = nullptr;
}

void NormalizedString::transform(uint32_t begin, uint32_t end, std::span<const Change> changes, size_t removed) {
  own();
  std::string out;
  std::vector<Span> aligned;
  out.reserve(end - begin + 8);
  aligned.reserve(end - begin + 8);
  uint32_t at = begin;  // the next old byte
  const auto skip = [&](size_t n) {
    for (; n && at < end; n--) at += uint32_t(utf8::length_of(text_[at]));
  };
  skip(removed);
  for (const auto& [c, change] : changes) {
    Span from;
    if (change > 0) {
      from = at > 0 ? alignments_[at - 1] : Span{source_.begin, source_.begin};
    } else {
      from = at < alignments_.size() ? alignments_[at] : Span{source_.end, source_.end};
      skip(1 + size_t(-change));
    }
    utf8::append(out, c);
    aligned.resize(out.size(), from);
  }
  if (begin == 0 && end == text_.size()) {
    text_ = std::move(out);
    alignments_ = std::move(aligned);
    return;
  }
  text_.replace(begin, end - begin, out);
  alignments_.erase(alignments_.begin() + begin, alignments_.begin() + end);
  alignments_.insert(alignments_.begin() + begin, aligned.begin(), aligned.end());
}

void NormalizedString::filter(const std::function<bool(char32_t)>& keep) {
  std::vector<Change> changes;
  size_t first_removed = 0, dropped = 0;
  for (char32_t c : utf8::chars(text())) {
    if (keep(c)) {
      changes.push_back({c, 0});
    } else {
      dropped++;
      if (changes.empty())
        first_removed++;
      else
        changes.back().change--;
    }
  }
  if (dropped) transform(changes, first_removed);
}

void NormalizedString::map(const std::function<char32_t(char32_t)>& f) {
  std::vector<Change> changes;
  bool changed = false;
  for (char32_t c : utf8::chars(text())) {
    changes.push_back({f(c), 0});
    changed |= changes.back().c != c;
  }
  if (changed) transform(changes);
}

void NormalizedString::lowercase() {
  std::vector<Change> changes;
  bool changed = false;
  for (char32_t c : utf8::chars(text())) {
    char32_t lower[2];
    const int n = to_lower(c, lower);
    changed |= lower[0] != c;
    for (int i = 0; i < n; i++) changes.push_back({lower[i], i > 0});
  }
  if (changed) transform(changes);
}

void NormalizedString::uppercase() {
  std::vector<Change> changes;
  for (char32_t c : utf8::chars(text())) {
    char32_t upper[3];
    const int n = to_upper(c, upper);
    for (int i = 0; i < n; i++) changes.push_back({upper[i], i > 0});
  }
  transform(changes);
}

void NormalizedString::prepend(std::string_view s) {
  if (text().empty() || s.empty()) return;
  own();
  // All of it shares the alignment of the first character, and so does that character.
  text_.insert(0, s);
  alignments_.insert(alignments_.begin(), s.size(), alignments_[0]);
}

void NormalizedString::append(std::string_view s) {
  if (text().empty() || s.empty()) return;
  own();
  text_ += s;
  alignments_.resize(text_.size(), Span(alignments_.back()));
}

void NormalizedString::replace(const Pattern& pattern, std::string_view content) {
  std::string out;
  std::vector<Span> aligned;
  uint32_t copied = 0;
  bool any = false;
  const auto keep = [&](uint32_t to) {
    out.append(text_, copied, to - copied);
    aligned.insert(aligned.end(), alignments_.begin() + copied, alignments_.begin() + to);
  };
  const std::string_view before = text();
  pattern.for_each_match(before, [&](uint32_t begin, uint32_t end) {
    if (!any) own(), any = true;
    keep(begin);
    out += content;
    aligned.resize(out.size(), end > 0 ? alignments_[end - 1] : Span{source_.begin, source_.begin});
    copied = end;
  });
  if (!any) return;
  keep(uint32_t(text_.size()));
  assign(std::move(out), std::move(aligned));
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
  own();
  text_ = text_.substr(begin, end - begin);
  alignments_ = {alignments_.begin() + ptrdiff_t(begin), alignments_.begin() + ptrdiff_t(end)};
}

void NormalizedString::clear() { assign({}, {}); }

}  // namespace ef::tokenizers
