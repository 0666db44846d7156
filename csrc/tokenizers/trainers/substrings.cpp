#include "tokenizers/trainers/substrings.h"

#include <algorithm>

#include "core/thread_pool.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

constexpr char32_t kEnd = 0;  // behind every word; a character of no word that is looked at here

// Suffixes of all words, sorted by their first `depth` characters.
std::vector<uint32_t> sorted_suffixes(const std::u32string& text, size_t depth) {
  std::vector<uint32_t> all;
  for (uint32_t i = 0; i < text.size(); i++)
    if (text[i] != kEnd) all.push_back(i);
  const auto less = [&](uint32_t a, uint32_t b) {
    for (size_t n = 0; n < depth; n++) {
      if (text[a + n] != text[b + n]) return text[a + n] < text[b + n];
      if (text[a + n] == kEnd) return a < b;
    }
    return a < b;
  };
  // Parts that the threads sort, then merges of neighbours; the order is total, so the result is the same for all.
  constexpr size_t kParts = 16;
  std::vector<size_t> edges;
  for (size_t p = 0; p <= kParts; p++) edges.push_back(all.size() * p / kParts);
  const auto at = [&](size_t p) { return all.begin() + ptrdiff_t(edges[p]); };
  parallel_for(kParts, 1, [&](int64_t begin, int64_t end) {
    for (size_t p = size_t(begin); p < size_t(end); p++) std::sort(at(p), at(p + 1), less);
  });
  for (size_t step = 1; step < kParts; step *= 2)
    parallel_for(int64_t(kParts / (2 * step)), 1, [&](int64_t begin, int64_t end) {
      for (size_t i = size_t(begin); i < size_t(end); i++)
        std::inplace_merge(at(2 * step * i), at(2 * step * i + step), at(2 * step * (i + 1)), less);
    });
  return all;
}

}  // namespace

std::vector<std::pair<std::u32string, uint64_t>> frequent_substrings(const std::vector<std::string_view>& words,
                                                                     size_t longest, size_t most) {
  std::u32string text;
  for (std::string_view word : words) {
    for (char32_t c : utf8::chars(word)) text += c;
    text += kEnd;
  }
  text.append(longest + 1, kEnd);
  const std::vector<uint32_t> suffixes = sorted_suffixes(text, longest + 1);

  struct Found {
    uint64_t score;
    uint32_t at, length;
  };
  std::vector<Found> found;
  struct Open {
    size_t length, begin;
  };
  std::vector<Open> open{{0, 0}};
  const auto close = [&](const Open& node, size_t end) {
    if (node.length >= 2 && node.length <= longest)
      found.push_back({(end - node.begin) * node.length, suffixes[node.begin], uint32_t(node.length)});
  };
  for (size_t i = 1; i <= suffixes.size(); i++) {
    size_t common = 0;  // with the suffix before; an end in common counts, so that only a true fork is one
    if (i < suffixes.size())
      while (common <= longest && text[suffixes[i] + common] == text[suffixes[i - 1] + common]) {
        if (text[suffixes[i] + common] == kEnd) {
          common = longest + 1;
          break;
        }
        common++;
      }
    size_t begin = i - 1;
    while (open.back().length > common) {
      close(open.back(), i);
      begin = open.back().begin;
      open.pop_back();
    }
    if (open.back().length < common) open.push_back({common, begin});
  }
  const auto view = [&](const Found& f) { return std::u32string_view(text).substr(f.at, f.length); };
  std::sort(found.begin(), found.end(),
            [&](auto& a, auto& b) { return a.score != b.score ? a.score > b.score : view(a) > view(b); });
  std::vector<std::pair<std::u32string, uint64_t>> out;
  for (const Found& f : found) {
    if (out.size() == most) break;
    out.emplace_back(view(f), f.score);
  }
  return out;
}

}  // namespace ef::tokenizers
