#include "tokenizers/trainers/bpe_symbols.h"

#include <algorithm>
#include <unordered_set>

#include "tokenizers/trainers/pair_counts.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

uint32_t BpeSymbols::id_of(const std::string& token) {
  const auto [it, fresh] = ids_.try_emplace(token, uint32_t(tokens_.size()));
  if (fresh) {
    tokens_.push_back(token);
    lengths_.push_back(1);
  }
  return it->second;
}

void BpeSymbols::add_special(const std::vector<AddedToken>& special) {
  for (const AddedToken& token : special) id_of(token.content);
}

void BpeSymbols::add_alphabet(const std::vector<const CountedWords*>& corpora) {
  std::unordered_map<char32_t, uint64_t> counts;
  for (const CountedWords* words : corpora)
    for (auto& [word, n] : *words)
      for (char32_t c : utf8::chars(word)) counts[c] += n;
  for (char32_t c : options_.initial_alphabet) counts[c] = UINT64_MAX;
  std::vector<std::pair<uint64_t, char32_t>> kept;
  for (auto& [c, n] : counts) kept.push_back({n, c});
  std::sort(kept.begin(), kept.end());
  if (options_.limit_alphabet && kept.size() > *options_.limit_alphabet)
    kept.erase(kept.begin(), kept.end() - ptrdiff_t(*options_.limit_alphabet));
  std::vector<char32_t> characters;
  for (auto& entry : kept) characters.push_back(entry.second);
  std::sort(characters.begin(), characters.end());
  for (char32_t c : characters) id_of(utf8::encode(c));
}

template <class F>
void BpeSymbols::for_characters(std::string_view word, F&& f) const {
  size_t left = utf8::count(word);
  const size_t all = left;
  for (char32_t c : utf8::chars(word)) {
    left--;
    std::string text = utf8::encode(c);
    const bool known = ids_.count(text) > 0;
    if (left + 1 < all && options_.continuing_subword_prefix) text = *options_.continuing_subword_prefix + text;
    if (left == 0 && options_.end_of_word_suffix) text += *options_.end_of_word_suffix;
    f(text, known);
  }
}

void BpeSymbols::spell(std::string_view word, std::vector<uint32_t>& out) {
  for_characters(word, [&](const std::string& text, bool known) {
    if (known) out.push_back(id_of(text));
  });
}

bool BpeSymbols::spell_known(std::string_view word, std::vector<uint32_t>& out) const {
  bool all = true;
  for_characters(word, [&](const std::string& text, bool known) {
    const auto it = ids_.find(text);
    if (!known || it == ids_.end())
      all = false;
    else
      out.push_back(it->second);
  });
  return all;
}

uint32_t BpeSymbols::join(uint32_t left, uint32_t right) {
  std::string_view end = tokens_[right];
  if (options_.continuing_subword_prefix && end.starts_with(*options_.continuing_subword_prefix))
    end.remove_prefix(options_.continuing_subword_prefix->size());
  const uint64_t length = lengths_[left] + lengths_[right];
  const uint32_t id = id_of(tokens_[left] + std::string(end));
  lengths_[id] = length;  // a special token of this text, too, has so many characters in words
  return id;
}

LearnedBpe BpeSymbols::finish(const std::vector<std::pair<uint32_t, uint32_t>>& merges) && {
  LearnedBpe out;
  out.tokens = std::move(tokens_);
  std::unordered_set<uint64_t> seen;
  for (size_t i = merges.size(); i-- > 0;)
    if (seen.insert(pair_key(merges[i].first, merges[i].second)).second) out.merges.push_back(merges[i]);
  std::reverse(out.merges.begin(), out.merges.end());
  return out;
}

}  // namespace ef::tokenizers
