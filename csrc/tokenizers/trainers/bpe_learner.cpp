#include "tokenizers/trainers/bpe_learner.h"

#include "tokenizers/trainers/bpe_symbols.h"
#include "tokenizers/trainers/pair_counts.h"

namespace ef::tokenizers {
namespace {

class Learner {
 public:
  Learner(const BpeLearnerOptions& options, const CountedWords& words)
      : options_(options), counted_(words), symbols_(options) {}

  LearnedBpe run(const std::vector<AddedToken>& special, const TrainProgress& progress) {
    symbols_.add_special(special);
    symbols_.add_alphabet({&counted_});
    spell_words();
    progress("Count pairs", words_.size(), words_.size());
    count_pairs();
    const size_t goal = size_t(options_.vocab_size);
    std::vector<std::pair<uint32_t, uint32_t>> merges;
    while (symbols_.size() < goal) {
      if (merges.size() % 256 == 0) progress("Compute merges", symbols_.size(), goal);
      std::optional<PairQueue::Entry> top = queue_.pop(pairs_);
      if (!top || top->count < 1 || uint64_t(top->count) < options_.min_frequency) break;
      merges.push_back({uint32_t(top->key >> 32), uint32_t(top->key)});
      merge(*top);
    }
    progress("Compute merges", symbols_.size(), symbols_.size());
    return std::move(symbols_).finish(merges);
  }

 private:
  struct Word {
    uint32_t begin, size;  // of spelled_
    int64_t count;
  };

  void spell_words() {
    for (auto& [word, n] : counted_) {
      const uint32_t begin = uint32_t(spelled_.size());
      symbols_.spell(word, spelled_);
      words_.push_back({begin, uint32_t(spelled_.size()) - begin, int64_t(n)});
      check<TokenizerError>(spelled_.size() < UINT32_MAX, "BpeTrainer: the words have more than 2^32 characters");
    }
  }

  void count_pairs() {
    for (uint32_t w = 0; w < words_.size(); w++) {
      const uint32_t* s = spelled_.data() + words_[w].begin;
      for (uint32_t i = 0; i + 1 < words_[w].size; i++) pairs_.add(pair_key(s[i], s[i + 1]), words_[w].count, w);
    }
    queue_.take_fresh(pairs_);
  }

  void merge(const PairQueue::Entry& entry) {
    const uint32_t a = uint32_t(entry.key >> 32), b = uint32_t(entry.key);
    const uint32_t token = symbols_.join(a, b);
    for (uint32_t w : entry.words) {
      Word& word = words_[w];
      uint32_t* s = spelled_.data() + word.begin;
      uint32_t to = 0;
      for (uint32_t from = 0; from < word.size;) {
        if (from + 1 >= word.size || s[from] != a || s[from + 1] != b) {
          s[to++] = s[from++];
          continue;
        }
        if (to > 0) {
          pairs_.take(pair_key(s[to - 1], a), word.count);
          if (symbols_.fits(s[to - 1], token)) pairs_.add(pair_key(s[to - 1], token), word.count, w);
        }
        from += 2;
        if (from < word.size) {
          pairs_.take(pair_key(b, s[from]), word.count);
          if (symbols_.fits(token, s[from])) pairs_.add(pair_key(token, s[from]), word.count, w);
        }
        s[to++] = token;
      }
      word.size = to;
    }
    queue_.take_fresh(pairs_);
  }

  const BpeLearnerOptions& options_;
  const CountedWords& counted_;
  BpeSymbols symbols_;
  std::vector<uint32_t> spelled_;
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
  const CountedWords sorted = words.sorted();
  return Learner(options, sorted).run(special, progress);
}

}  // namespace ef::tokenizers
