#include "tokenizers/trainers/unigram_learner.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "core/thread_pool.h"
#include "tokenizers/trainers/substrings.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double digamma(double x) {
  double result = 0;
  for (; x < 7; x += 1) result -= 1 / x;
  x -= 0.5;
  const double y = 1 / (x * x);
  return result + std::log(x) + y * (1.0 / 24 + y * (-7.0 / 960 + y * (31.0 / 8064 - y * 127.0 / 30720)));
}

// All characters, then substrings up to the size, the most frequent first and one at least; scores are log
// probabilities.
ScoredPieces seed(const UnigramLearnerOptions& options, const CountedWords& words) {
  std::unordered_map<char32_t, uint64_t> counts;
  std::vector<std::string_view> texts;
  for (auto& [word, n] : words) {
    if (word.empty()) continue;
    texts.push_back(word);
    for (char32_t c : utf8::chars(word))
      if (c) counts[c] += n;
  }
  std::vector<std::pair<uint64_t, char32_t>> characters;
  for (auto& [c, n] : counts) characters.push_back({n, c});
  std::sort(characters.rbegin(), characters.rend());
  ScoredPieces out{{"<UNK>", kNaN}};
  double sum = 0;
  for (auto& [n, c] : characters) out.emplace_back(utf8::encode(c), double(n));
  const size_t room = options.seed_size > characters.size() ? size_t(options.seed_size) - characters.size() : 1;
  for (auto& [text, score] : frequent_substrings(texts, size_t(options.max_piece_length), room)) {
    std::string piece;
    for (char32_t c : text) utf8::append(piece, c);
    out.emplace_back(std::move(piece), double(score));
  }
  for (size_t i = 1; i < out.size(); i++) sum += out[i].second;
  for (size_t i = 1; i < out.size(); i++) out[i].second = std::log(out[i].second) - std::log(sum);
  return out;
}

// Maximization with a sparse prior: pieces that are expected less than half a time go.
ScoredPieces maximize(const ScoredPieces& pieces, const std::vector<double>& expected) {
  ScoredPieces out{{pieces[0].first, kNaN}};
  double sum = 0;
  for (size_t i = 1; i < pieces.size(); i++) {
    if (expected[i] < 0.5) continue;
    out.emplace_back(pieces[i].first, expected[i]);
    sum += expected[i];
  }
  const double all = digamma(sum);
  for (size_t i = 1; i < out.size(); i++) out[i].second = digamma(out[i].second) - all;
  return out;
}

// Takes away the pieces whose loss costs the least likelihood: each is then spelled by its second best segmentation.
ScoredPieces prune(const UnigramState& state, const CountedWords& words, size_t size) {
  const ScoredPieces& pieces = state.pieces();
  std::vector<std::vector<uint32_t>> instead(pieces.size());
  std::vector<char> keep(pieces.size(), true);
  parallel_for(int64_t(pieces.size()), 256, [&](int64_t begin, int64_t end) {
    for (size_t i = size_t(std::max<int64_t>(begin, 1)); i < size_t(end); i++) {
      std::vector<std::vector<uint32_t>> ways = state.two_best(pieces[i].first);
      if (ways.size() < 2) continue;
      if (ways[0].size() > 1)
        keep[i] = false;
      else
        instead[i] = std::move(ways[1]);
    }
  });
  const std::vector<double> counts = state.best_counts(words);
  double sum = 0;
  for (double n : counts) sum += n;
  double all = 0;
  for (auto& entry : words) all += double(entry.second);
  ScoredPieces out{pieces[0]};
  std::vector<std::pair<double, size_t>> candidates;
  for (size_t i = 1; i < pieces.size(); i++) {
    if (counts[i] == 0 && !keep[i]) continue;
    if (instead[i].empty()) {
      out.push_back(pieces[i]);
    } else if (counts[i] > 0) {
      const double before = std::log(counts[i]) - std::log(sum);
      // By the count of all pieces and not of those that stand in: so SentencePiece and `tokenizers` have it.
      const double log_sum = std::log(sum + counts[i] * double(pieces.size() - 1));
      double after = 0;
      for (uint32_t id : instead[i]) after += std::log(counts[id] + counts[i]) - log_sum;
      candidates.push_back({counts[i] / all * (before - after), i});
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](auto& a, auto& b) { return a.first > b.first; });
  for (auto& candidate : candidates) {
    if (out.size() == size) break;
    out.push_back(pieces[candidate.second]);
  }
  return out;
}

}  // namespace

UnigramState learn_unigram(const UnigramLearnerOptions& options, const CountedWords& words,
                           const TrainProgress& progress) {
  progress("Suffix array seeds", 0, 1);
  UnigramState state(seed(options, words));
  const size_t goal = size_t(options.vocab_size) * 11 / 10, start = std::max<size_t>(state.pieces().size(), goal + 1);
  for (;;) {
    for (uint64_t i = 0; i < options.n_sub_iterations; i++) {
      progress("EM training", start - std::min(start, state.pieces().size()), start - goal);
      state = UnigramState(maximize(state.pieces(), state.expected(words)));
    }
    const size_t size = state.pieces().size();
    if (size <= goal) break;
    const size_t next = std::max(goal, size_t(double(size) * options.shrinking_factor));
    ScoredPieces pruned = prune(state, words, next);
    const bool stuck = pruned.size() >= size;  // nothing left to take away
    state = UnigramState(std::move(pruned));
    if (stuck) break;
  }
  progress("EM training", start - goal, start - goal);
  return state;
}

}  // namespace ef::tokenizers
