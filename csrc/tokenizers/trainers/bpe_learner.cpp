#include "tokenizers/trainers/bpe_learner.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "tokenizers/trainers/pair_counts.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

using Counted = std::vector<std::pair<std::string_view, uint64_t>>;

class Learner {
 public:
  Learner(const BpeLearnerOptions& options, const Counted& words) : options_(options), counted_(words) {}

  LearnedBpe run(const std::vector<AddedToken>& special, const TrainProgress& progress) {
    for (const AddedToken& token : special) id_of(token.content);
    for (char32_t c : alphabet()) id_of(utf8::encode(c));
    spell_words();
    progress("Count pairs", words_.size(), words_.size());
    count_pairs();
    const size_t goal = size_t(options_.vocab_size);
    std::vector<std::pair<uint32_t, uint32_t>> merges;
    while (out_.tokens.size() < goal) {
      if (merges.size() % 256 == 0) progress("Compute merges", out_.tokens.size(), goal);
      std::optional<PairQueue::Entry> top = queue_.pop(pairs_);
      if (!top || top->count < 1 || uint64_t(top->count) < options_.min_frequency) break;
      merges.push_back({uint32_t(top->key >> 32), uint32_t(top->key)});
      merge(*top);
    }
    progress("Compute merges", out_.tokens.size(), out_.tokens.size());
    // A pair may have been merged twice, when its token already existed: then the last time counts.
    std::unordered_set<uint64_t> seen;
    for (size_t i = merges.size(); i-- > 0;)
      if (seen.insert(pair_key(merges[i].first, merges[i].second)).second) out_.merges.push_back(merges[i]);
    std::reverse(out_.merges.begin(), out_.merges.end());
    return std::move(out_);
  }

 private:
  struct Word {
    uint32_t begin, size;  // of symbols_
    int64_t count;
  };

  uint32_t id_of(const std::string& token, uint32_t symbols = 1) {
    const auto [it, fresh] = ids_.try_emplace(token, uint32_t(out_.tokens.size()));
    if (fresh) {
      out_.tokens.push_back(token);
      lengths_.push_back(symbols);
    }
    return it->second;
  }

  // The characters that may be tokens, by code point; the rarest are left out when there are too many.
  std::vector<char32_t> alphabet() const {
    std::unordered_map<char32_t, uint64_t> counts;
    for (auto& [word, n] : counted_)
      for (char32_t c : utf8::chars(word)) counts[c] += n;
    for (char32_t c : options_.initial_alphabet) counts[c] = UINT64_MAX;
    std::vector<std::pair<uint64_t, char32_t>> kept;
    for (auto& [c, n] : counts) kept.push_back({n, c});
    std::sort(kept.begin(), kept.end());
    if (options_.limit_alphabet && kept.size() > *options_.limit_alphabet)
      kept.erase(kept.begin(), kept.end() - ptrdiff_t(*options_.limit_alphabet));
    std::vector<char32_t> out;
    for (auto& entry : kept) out.push_back(entry.second);
    std::sort(out.begin(), out.end());
    return out;
  }

  // Words as ids of characters; characters outside of the alphabet are passed over.
  void spell_words() {
    for (auto& [word, n] : counted_) {
      const uint32_t begin = uint32_t(symbols_.size());
      size_t left = utf8::count(word);
      const size_t all = left;
      for (char32_t c : utf8::chars(word)) {
        left--;
        std::string text = utf8::encode(c);
        if (!ids_.count(text)) continue;
        if (left + 1 < all && options_.continuing_subword_prefix) text = *options_.continuing_subword_prefix + text;
        if (left == 0 && options_.end_of_word_suffix) text += *options_.end_of_word_suffix;
        symbols_.push_back(id_of(text));
      }
      words_.push_back({begin, uint32_t(symbols_.size()) - begin, int64_t(n)});
      check<TokenizerError>(symbols_.size() < UINT32_MAX, "BpeTrainer: the words have more than 2^32 characters");
    }
  }

  void count_pairs() {
    for (uint32_t w = 0; w < words_.size(); w++) {
      const uint32_t* s = symbols_.data() + words_[w].begin;
      for (uint32_t i = 0; i + 1 < words_[w].size; i++) pairs_.add(pair_key(s[i], s[i + 1]), words_[w].count, w);
    }
    queue_.take_fresh(pairs_);
  }

  std::string joined(uint64_t key) const {
    const std::string& left = out_.tokens[size_t(key >> 32)];
    std::string_view right = out_.tokens[uint32_t(key)];
    if (options_.continuing_subword_prefix && right.starts_with(*options_.continuing_subword_prefix))
      right.remove_prefix(options_.continuing_subword_prefix->size());
    return left + std::string(right);
  }

  bool fits(uint32_t left, uint32_t right) const {
    return !options_.max_token_length || lengths_[left] + lengths_[right] < *options_.max_token_length;
  }

  void merge(const PairQueue::Entry& entry) {
    const uint32_t a = uint32_t(entry.key >> 32), b = uint32_t(entry.key);
    const uint32_t token = id_of(joined(entry.key), lengths_[a] + lengths_[b]);
    for (uint32_t w : entry.words) {
      Word& word = words_[w];
      uint32_t* s = symbols_.data() + word.begin;
      uint32_t to = 0;
      for (uint32_t from = 0; from < word.size;) {
        if (from + 1 >= word.size || s[from] != a || s[from + 1] != b) {
          s[to++] = s[from++];
          continue;
        }
        if (to > 0) {
          pairs_.take(pair_key(s[to - 1], a), word.count);
          if (fits(s[to - 1], token)) pairs_.add(pair_key(s[to - 1], token), word.count, w);
        }
        from += 2;
        if (from < word.size) {
          pairs_.take(pair_key(b, s[from]), word.count);
          if (fits(token, s[from])) pairs_.add(pair_key(token, s[from]), word.count, w);
        }
        s[to++] = token;
      }
      word.size = to;
    }
    queue_.take_fresh(pairs_);
  }

  const BpeLearnerOptions& options_;
  const Counted& counted_;
  LearnedBpe out_;
  std::unordered_map<std::string, uint32_t> ids_;
  std::vector<uint32_t> lengths_;  // of tokens, in characters
  std::vector<uint32_t> symbols_;
  std::vector<Word> words_;
  PairCounts pairs_;
  PairQueue queue_;
};

}  // namespace

BpeLearnerOptions BpeLearnerOptions::from_json(const Json& j, const char* where) {
  BpeLearnerOptions o;
  o.vocab_size = get_unsigned(j, "vocab_size", where, UINT32_MAX);
  o.min_frequency = get_unsigned(j, "min_frequency", where, UINT64_MAX);
  if (find(j, "limit_alphabet")) o.limit_alphabet = get_unsigned(j, "limit_alphabet", where, UINT64_MAX);
  if (find(j, "max_token_length")) o.max_token_length = get_unsigned(j, "max_token_length", where, UINT64_MAX);
  for (const Json& c : get_array(j, "initial_alphabet", where))
    o.initial_alphabet.push_back(get_char(Json{{"initial_alphabet", c}}, "initial_alphabet", where));
  o.continuing_subword_prefix = get_optional_string(j, "continuing_subword_prefix", where);
  o.end_of_word_suffix = get_optional_string(j, "end_of_word_suffix", where);
  return o;
}

LearnedBpe learn_bpe(const BpeLearnerOptions& options, const std::vector<AddedToken>& special, const WordCounts& words,
                     const TrainProgress& progress) {
  const Counted sorted = words.sorted();
  return Learner(options, sorted).run(special, progress);
}

}  // namespace ef::tokenizers
