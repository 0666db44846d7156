#include "tokenizers/models/all_merges.h"

#include <algorithm>
#include <tuple>

#include "tokenizers/utf8.h"

namespace ef::tokenizers {

Merges all_merges(const Vocab& vocab, MergeOrder order, const std::function<float(uint32_t)>& score,
                  const std::function<bool(std::string_view)>& skip) {
  struct Candidate {
    uint32_t id, split, left_chars, right_chars, left, right;
  };
  std::vector<Candidate> all;
  vocab.for_each([&](std::string_view text, uint32_t id) {
    if (skip && skip(text)) return;
    const size_t first = all.size();
    const uint32_t chars = uint32_t(utf8::count(text));
    uint32_t n = 0;
    for (uint32_t at = 0; at < text.size(); at += uint32_t(utf8::length_of(text[at])), n++) {
      if (at == 0) continue;
      const auto left = vocab.find(text.substr(0, at));
      if (!left) continue;
      const auto right = vocab.find(text.substr(at));
      if (!right || (skip && (skip(text.substr(0, at)) || skip(text.substr(at))))) continue;
      all.push_back({id, at, n, chars - n, *left, *right});
    }
    std::sort(all.begin() + ptrdiff_t(first), all.end(),
              [](auto& a, auto& b) { return std::pair(a.left, a.right) < std::pair(b.left, b.right); });
  });
  if (order == MergeOrder::IdThenLengths)
    std::stable_sort(all.begin(), all.end(), [](auto& a, auto& b) {
      return std::tuple(a.id, a.left_chars, a.right_chars) < std::tuple(b.id, b.left_chars, b.right_chars);
    });
  if (order == MergeOrder::HighestScore)
    std::stable_sort(all.begin(), all.end(), [&](auto& a, auto& b) {
      return std::tuple(score(b.id), b.left_chars, b.right_chars) <
             std::tuple(score(a.id), a.left_chars, a.right_chars);
    });
  Merges out;
  for (auto& c : all) {
    const std::string_view text = *vocab.token(c.id);
    out.add(text.substr(0, c.split), text.substr(c.split));
  }
  return out;
}

}  // namespace ef::tokenizers
