#include "tokenizers/trainers/parity_bpe.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "tokenizers/models/bpe.h"
#include "tokenizers/trainers/bpe_symbols.h"
#include "tokenizers/trainers/pair_counts.h"

namespace ef::tokenizers {
namespace {

constexpr const char* kName = "ParityBpeTrainer";

// The most frequent pair first, of equally frequent ones that whose texts come last. Counts change while an entry
// waits: an outdated one goes back with its new count.
class Frequent {
 public:
  explicit Frequent(const BpeSymbols& symbols) : later_(symbols), heap_(later_) {}
  void push(uint64_t key, int64_t count) {
    if (count > 0) heap_.push({count, key});
  }
  template <class CountOf>
  std::optional<std::pair<int64_t, uint64_t>> pop(CountOf&& count_of) {
    while (!heap_.empty()) {
      const auto top = heap_.top();
      heap_.pop();
      const int64_t now = count_of(top.second);
      if (now == top.first) return top;
      push(top.second, now);
    }
    return std::nullopt;
  }

 private:
  using Entry = std::pair<int64_t, uint64_t>;
  struct Later {
    explicit Later(const BpeSymbols& s) : symbols(&s) {}
    bool operator()(const Entry& a, const Entry& b) const {
      if (a.first != b.first) return a.first < b.first;
      const int left = (*symbols)[uint32_t(a.second >> 32)].compare((*symbols)[uint32_t(b.second >> 32)]);
      return left != 0 ? left < 0 : (*symbols)[uint32_t(a.second)] < (*symbols)[uint32_t(b.second)];
    }
    const BpeSymbols* symbols;
  };
  Later later_;
  std::priority_queue<Entry, std::vector<Entry>, Later> heap_;
};

// The words of one language, as tokens, and its pairs.
class Language {
 public:
  Language(const BpeSymbols& symbols, bool with_queue) : symbols_(&symbols), queue_(symbols), with_queue_(with_queue) {}

  void add_word(std::vector<uint32_t> word, uint64_t count) {
    const uint32_t w = uint32_t(words_.size());
    for (size_t i = 0; i + 1 < word.size(); i++) {
      Pair& pair = pairs_[pair_key(word[i], word[i + 1])];
      pair.count += int64_t(count);
      if (pair.words.empty() || pair.words.back() != w) pair.words.push_back(w);
    }
    length_ += int64_t(word.size() * count);
    words_.push_back(std::move(word));
    counts_.push_back(int64_t(count));
  }
  void finish() {
    if (with_queue_)
      for (auto& [key, pair] : pairs_) queue_.push(key, pair.count);
  }

  int64_t length() const { return length_; }  // tokens in all
  int64_t count(uint64_t key) const {
    const auto it = pairs_.find(key);
    return it == pairs_.end() ? 0 : it->second.count;
  }
  template <class F>
  void for_pairs(F&& f) const {
    for (auto& [key, pair] : pairs_) f(key, pair.count);
  }
  std::optional<std::pair<int64_t, uint64_t>> pop() {
    return queue_.pop([&](uint64_t key) { return count(key); });
  }

  // Appends to `changed` the pairs whose counts are others now.
  void merge(uint64_t key, uint32_t token, std::vector<uint64_t>& changed) {
    const auto it = pairs_.find(key);
    if (it == pairs_.end() || it->second.words.empty()) return;
    std::vector<uint32_t> where = std::move(it->second.words);
    it->second.words.clear();
    std::sort(where.begin(), where.end());
    where.erase(std::unique(where.begin(), where.end()), where.end());
    const size_t first = changed.size();
    for (uint32_t w : where) merge_word(w, uint32_t(key >> 32), uint32_t(key), token, changed);
    pairs_[key].count = 0;
    std::sort(changed.begin() + ptrdiff_t(first), changed.end());
    changed.erase(std::unique(changed.begin() + ptrdiff_t(first), changed.end()), changed.end());
    if (with_queue_)
      for (size_t i = first; i < changed.size(); i++) queue_.push(changed[i], count(changed[i]));
  }

 private:
  struct Pair {
    int64_t count = 0;
    std::vector<uint32_t> words;  // where it came up since it was merged last
  };

  void merge_word(uint32_t w, uint32_t a, uint32_t b, uint32_t token, std::vector<uint64_t>& changed) {
    std::vector<uint32_t>& word = words_[w];
    const int64_t n = counts_[w];
    auto take = [&](uint64_t key) {
      pairs_[key].count -= n;
      changed.push_back(key);
    };
    auto add = [&](uint32_t left, uint32_t right) {
      if (!symbols_->fits(left, right)) return;
      Pair& pair = pairs_[pair_key(left, right)];
      pair.count += n;
      pair.words.push_back(w);
      changed.push_back(pair_key(left, right));
    };
    size_t to = 0;
    for (size_t from = 0; from < word.size();) {
      if (from + 1 >= word.size() || word[from] != a || word[from + 1] != b) {
        word[to++] = word[from++];
        continue;
      }
      if (to > 0) {
        take(pair_key(word[to - 1], a));
        add(word[to - 1], token);
      }
      from += 2;
      if (from < word.size()) {
        take(pair_key(b, word[from]));
        add(token, word[from]);
      }
      word[to++] = token;
      length_ -= n;
    }
    word.resize(to);
  }

  const BpeSymbols* symbols_;
  std::vector<std::vector<uint32_t>> words_;
  std::vector<int64_t> counts_;
  std::unordered_map<uint64_t, Pair> pairs_;
  int64_t length_ = 0;
  Frequent queue_;
  bool with_queue_;
};

class ParityLearner {
 public:
  ParityLearner(const ParityOptions& options, const std::vector<CountedWords>& train,
                const std::vector<CountedWords>& dev)
      : options_(options), train_(train), dev_(dev), symbols_(options.bpe), everywhere_(symbols_) {}

  LearnedBpe run(const std::vector<AddedToken>& special, const TrainProgress& progress) {
    symbols_.add_special(special);
    std::vector<const CountedWords*> corpora;
    for (const CountedWords& words : train_) corpora.push_back(&words);
    for (const CountedWords& words : dev_) corpora.push_back(&words);
    symbols_.add_alphabet(corpora);
    read_words();
    progress("Count pairs", train_.size(), train_.size());
    exhausted_.assign(train_.size(), false);
    const uint64_t fewer = options_.total_symbols ? symbols_.size() : 0;  // what is a token by now counts as a merge
    const uint64_t goal = options_.num_merges - std::min(options_.num_merges, fewer);
    std::vector<std::pair<uint32_t, uint32_t>> merges;
    while (merges.size() < goal) {
      if (merges.size() % 256 == 0) progress("Compute merges", merges.size(), size_t(goal));
      std::optional<size_t> language;
      if (merges.size() >= options_.global_merges) {
        if (std::find(exhausted_.begin(), exhausted_.end(), false) == exhausted_.end()) break;
        language = choose();
      }
      const auto top =
          language ? languages_[*language].pop() : everywhere_.pop([&](uint64_t key) { return total(key); });
      if (top && uint64_t(top->first) >= options_.bpe.min_frequency) {
        merges.push_back({uint32_t(top->second >> 32), uint32_t(top->second)});
        merge(top->second);
      } else if (language) {
        exhausted_[*language] = true;
      } else {
        break;
      }
    }
    progress("Compute merges", merges.size(), merges.size());
    return std::move(symbols_).finish(merges);
  }

 private:
  void read_words() {
    for (const CountedWords& words : train_) {
      Language& language = languages_.emplace_back(symbols_, true);
      for (auto& [word, n] : words) {
        std::vector<uint32_t> spelled;
        symbols_.spell(word, spelled);
        language.add_word(std::move(spelled), n);
      }
      language.finish();
      initial_.push_back(double(language.length()));
    }
    for (const CountedWords& words : dev_) {
      Language& language = dev_languages_.emplace_back(symbols_, false);
      for (auto& [word, n] : words) {
        std::vector<uint32_t> spelled;
        if (symbols_.spell_known(word, spelled)) language.add_word(std::move(spelled), n);
      }
    }
    if (options_.global_merges == 0) return;
    std::unordered_set<uint64_t> keys;
    for (const Language& language : languages_) language.for_pairs([&](uint64_t key, int64_t) { keys.insert(key); });
    for (uint64_t key : keys) everywhere_.push(key, total(key));
  }

  int64_t total(uint64_t key) const {
    int64_t sum = 0;
    for (const Language& language : languages_) sum += language.count(key);
    return sum;
  }

  // How badly off a language is; NaN where that cannot be said.
  double need(size_t language) const {
    if (!dev_.empty()) return double(dev_languages_[language].length());
    const double length = double(languages_[language].length());
    return options_.ratio ? -(initial_[language] / length / (*options_.ratio)[language]) : length;
  }

  // The language of the next merge. There is one that is not exhausted.
  size_t choose() {
    std::vector<bool> masked = exhausted_;
    size_t language = worst_off(masked);
    if (!options_.window) return language;
    // Those that had more than their share of the last choices wait, unless all of them had.
    const double share = options_.alpha / double(train_.size());
    while (double(std::count(recent_.begin(), recent_.end(), language)) / double(options_.window_size) > share) {
      masked[language] = true;
      if (std::find(masked.begin(), masked.end(), false) == masked.end()) break;
      language = worst_off(masked);
    }
    recent_.push_back(language);
    if (recent_.size() > options_.window_size) recent_.pop_front();
    return language;
  }

  size_t worst_off(const std::vector<bool>& masked) const {
    size_t best = size_t(std::find(masked.begin(), masked.end(), false) - masked.begin());
    double most = -std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < masked.size(); i++) {
      if (masked[i] || !(need(i) > most)) continue;
      best = i;
      most = need(i);
    }
    return best;
  }

  void merge(uint64_t key) {
    const uint32_t token = symbols_.join(uint32_t(key >> 32), uint32_t(key));
    std::vector<uint64_t> changed;
    for (Language& language : languages_) language.merge(key, token, changed);
    if (options_.global_merges > 0)
      for (uint64_t k : changed) everywhere_.push(k, total(k));
    changed.clear();
    for (Language& language : dev_languages_) language.merge(key, token, changed);
  }

  const ParityOptions& options_;
  const std::vector<CountedWords>&train_, &dev_;
  BpeSymbols symbols_;
  std::vector<Language> languages_, dev_languages_;
  std::vector<double> initial_;  // tokens of each language at first
  std::vector<bool> exhausted_;
  std::deque<size_t> recent_;  // the last choices
  Frequent everywhere_;        // pairs of all languages together
};

void check_options(const ParityOptions& o, size_t languages, size_t dev) {
  check<TokenizerError>(languages > 0, kName, ": train_iterators must not be empty");
  check<TokenizerError>(dev == 0 || dev == languages, kName, ": dev_iterators length (", dev,
                        ") must match train_iterators length (", languages, ")");
  if (o.ratio) {
    check<TokenizerError>(o.ratio->size() == languages, kName, ": ratio length (", o.ratio->size(),
                          ") does not match number of languages (", languages, ")");
    for (size_t i = 0; i < o.ratio->size(); i++)
      check<TokenizerError>(std::isfinite((*o.ratio)[i]) && (*o.ratio)[i] > 0, kName, ": ratio[", i,
                            "] must be a positive finite number (got ", (*o.ratio)[i], ")");
  }
  if (!o.window) return;
  check<TokenizerError>(o.window_size > 0, kName, ": window_size must be > 0 when variant is Window");
  check<TokenizerError>(std::isfinite(o.alpha) && o.alpha > 0, kName,
                        ": alpha must be a positive finite number when variant is Window (got ", o.alpha, ")");
}

}  // namespace

ParityOptions ParityOptions::from_json(const Json& j) {
  ParityOptions o;
  o.bpe = BpeLearnerOptions::from_json(j, kName);
  o.num_merges = get_unsigned(j, "num_merges", kName, UINT32_MAX);
  o.global_merges = get_unsigned(j, "global_merges", kName, UINT64_MAX);
  o.window_size = get_unsigned(j, "window_size", kName, UINT64_MAX);
  o.window = get_string(j, "variant", kName) == "window";
  o.total_symbols = get_bool(j, "total_symbols", kName, false);
  o.alpha = find(j, "alpha") ? get_number(*find(j, "alpha"), kName) : o.alpha;
  if (find(j, "ratio")) {
    o.ratio.emplace();
    for (const Json& r : get_array(j, "ratio", kName)) o.ratio->push_back(get_number(r, kName));
  }
  return o;
}

LearnedBpe learn_parity_bpe(const ParityOptions& options, const std::vector<AddedToken>& special,
                            const std::vector<const WordCounts*>& train, const std::vector<const WordCounts*>& dev,
                            const TrainProgress& progress) {
  check_options(options, train.size(), dev.size());
  std::vector<CountedWords> sorted, sorted_dev;
  for (const WordCounts* words : train) sorted.push_back(words->sorted());
  for (const WordCounts* words : dev) sorted_dev.push_back(words->sorted());
  return ParityLearner(options, sorted, sorted_dev).run(special, progress);
}

}  // namespace ef::tokenizers
