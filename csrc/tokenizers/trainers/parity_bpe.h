// Learns byte pair encoding for several languages at once: each merge is chosen for the language that is worst off.
// Foroutan et al. 2025, "Parity-Aware Byte-Pair Encoding: Improving Cross-lingual Fairness in Tokenization".
#pragma once
#include <optional>
#include <vector>

#include "tokenizers/trainers/bpe_learner.h"

namespace ef::tokenizers {

struct ParityOptions {
  BpeLearnerOptions bpe;  // vocab_size is not looked at
  uint64_t num_merges = 32000, global_merges = 0, window_size = 100;
  bool window = false, total_symbols = false;
  double alpha = 2.0;
  std::optional<std::vector<double>> ratio;  // wanted compression of each language, relative to the others
  static ParityOptions from_json(const Json& options);
};

// `train`, and `dev` unless it is empty, have one entry a language. A language is worst off when its part of `dev` has
// the most tokens; with a ratio instead, when its training text has shrunk least beside it; with neither, when its
// training text has the most tokens. TokenizerError: options out of range.
LearnedBpe learn_parity_bpe(const ParityOptions& options, const std::vector<AddedToken>& special,
                            const std::vector<const WordCounts*>& train, const std::vector<const WordCounts*>& dev,
                            const TrainProgress& progress);

// The same as a model: a BPE without unknown token, whatever the tokenizer had before.
ModelPtr train_parity_bpe(const Json& options, const std::vector<const WordCounts*>& train,
                          const std::vector<const WordCounts*>& dev, const TrainProgress& progress);

}  // namespace ef::tokenizers
