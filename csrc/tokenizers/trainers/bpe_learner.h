// Learns byte pair encoding: again and again the most frequent pair of neighbours becomes a token.
// Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units".
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tokenizers/trainers/trainer.h"

namespace ef::tokenizers {

struct BpeLearnerOptions {
  uint64_t vocab_size = 30000, min_frequency = 0;
  std::optional<uint64_t> limit_alphabet, max_token_length;
  std::vector<char32_t> initial_alphabet;
  std::optional<std::string> continuing_subword_prefix, end_of_word_suffix;
  static BpeLearnerOptions from_json(const Json& options, const char* where);
};

struct LearnedBpe {
  std::vector<std::string> tokens;                    // by id
  std::vector<std::pair<uint32_t, uint32_t>> merges;  // in order; each pair once
};
LearnedBpe learn_bpe(const BpeLearnerOptions& options, const std::vector<AddedToken>& special, const WordCounts& words,
                     const TrainProgress& progress);

}  // namespace ef::tokenizers
