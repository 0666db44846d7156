// Learns the pieces of a unigram language model: expectation-maximization over all segmentations, with the pieces that
// are missed least taken away in between. Kudo 2018, "Subword Regularization".
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizers/models/prefix_trie.h"
#include "tokenizers/trainers/trainer.h"

namespace ef::tokenizers {

using ScoredPieces = std::vector<std::pair<std::string, double>>;
using CountedWords = std::vector<std::pair<std::string_view, uint64_t>>;

// A set of pieces in training. The first stands for what is unknown.
class UnigramState {
 public:
  explicit UnigramState(ScoredPieces pieces);
  const ScoredPieces& pieces() const { return pieces_; }
  double lowest() const { return lowest_; }

  // How often each piece is expected over all segmentations of the words, weighted by their probability.
  std::vector<double> expected(const CountedWords& words) const;
  // How often each piece stands in the best segmentations.
  std::vector<double> best_counts(const CountedWords& words) const;
  // Ids of the best segmentation.
  std::vector<uint32_t> best(std::string_view text) const;
  // The best and the second best one, if there is a second. Ties are broken as `tokenizers` breaks them.
  std::vector<std::vector<uint32_t>> two_best(std::string_view text) const;

 private:
  template <class F>
  void for_each_piece(std::string_view text, uint32_t at, F&& f) const;  // f(length, id, score)
  ScoredPieces pieces_;
  PrefixTrie trie_;
  double lowest_;
};

struct UnigramLearnerOptions {
  uint64_t vocab_size = 8000, n_sub_iterations = 2, max_piece_length = 16, seed_size = 1000000;
  double shrinking_factor = 0.75;
};
// Pieces of the last state; the caller puts the required ones in and cuts to size.
UnigramState learn_unigram(const UnigramLearnerOptions& options, const CountedWords& words,
                           const TrainProgress& progress);

}  // namespace ef::tokenizers
