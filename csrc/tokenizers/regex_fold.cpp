#include "tokenizers/regex_fold.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "tokenizers/regex_folds.inc"

namespace ef::tokenizers {
namespace {
struct Folds {
  std::unordered_map<char32_t, char32_t> folded;
  std::map<char32_t, std::vector<char32_t>> variants;  // by what they fold to
  Folds() {
    for (const auto& [first, count, step, back] : kFoldRuns)
      for (uint32_t i = 0; i < count; i++) {
        const char32_t code = first + i * step, to = code - back;
        folded[code] = to;
        auto& all = variants[to];
        if (all.empty()) all.push_back(to);
        all.push_back(code);
      }
  }
};
const Folds& folds() {
  static const Folds out;
  return out;
}
}  // namespace

char32_t case_folded(char32_t code) {
  const auto it = folds().folded.find(code);
  return it == folds().folded.end() ? code : it->second;
}
Ranges case_variants(char32_t code) {
  const auto it = folds().variants.find(case_folded(code));
  if (it == folds().variants.end()) return {{code, code}};
  Ranges out;
  for (char32_t c : it->second) out.emplace_back(c, c);
  return normalized(std::move(out));
}
Ranges with_case_variants(const Ranges& set) {
  Ranges out = set;
  for (const auto& [to, all] : folds().variants)
    if (std::any_of(all.begin(), all.end(), [&](char32_t c) { return contains(set, c); }))
      for (char32_t c : all) out.emplace_back(c, c);
  return normalized(std::move(out));
}

bool LongFold::begins(std::u32string_view text) const {
  if (text.size() < size()) return false;
  for (size_t i = 0; i < size(); i++)
    if (case_folded(text[i]) != to[i]) return false;
  return true;
}
const std::vector<LongFold>& long_folds() {
  static const std::vector<LongFold> out = [] {
    std::vector<LongFold> all;
    for (const auto& [code, a, b, c] : kLongFolds) all.push_back({code, {a, b, c}});
    std::stable_sort(all.begin(), all.end(), [](auto& x, auto& y) { return x.size() < y.size(); });
    return all;
  }();
  return out;
}

}  // namespace ef::tokenizers
