// The parameters of GenerationConfig that the decode loop acts on, under the same names. Unset ones do nothing.
#pragma once
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace ef {

struct GenerationOptions {
  int64_t max_length = 20;  // prompt included
  int64_t min_length = 0, min_new_tokens = 0;
  bool do_sample = false;
  int64_t num_beams = 1, num_return_sequences = 1;  // the latter of beam search; elsewhere rows are repeated before
  int64_t num_beam_groups = 1;
  double length_penalty = 1, diversity_penalty = 0;
  bool early_stopping = false, early_stopping_never = false;  // True, "never"
  double penalty_alpha = 0;                                   // of contrastive search, if more than 0
  bool low_memory = false;
  double temperature = 1, top_p = 1, typical_p = 1;
  int64_t top_k = 0;
  double min_p = 0, top_h = 0, epsilon_cutoff = 0, eta_cutoff = 0;
  double repetition_penalty = 1, encoder_repetition_penalty = 1;
  int64_t no_repeat_ngram_size = 0, encoder_no_repeat_ngram_size = 0;
  std::vector<std::vector<int64_t>> bad_words_ids;
  std::vector<std::pair<std::vector<int64_t>, double>> sequence_bias;
  std::vector<int64_t> suppress_tokens, begin_suppress_tokens;
  std::optional<int64_t> forced_bos_token_id;
  std::vector<int64_t> forced_eos_token_id;
  std::optional<std::pair<int64_t, double>> exponential_decay_length_penalty;
  bool remove_invalid_values = false, renormalize_logits = false;
  std::vector<int64_t> eos_token_id;
  int64_t pad_token_id = 0;
  std::optional<double> max_time;  // seconds
  bool use_cache = true;
  int64_t prefill_chunk_size = 0;  // 0: the whole prompt at once
  std::optional<int64_t> prompt_lookup_num_tokens;
  int64_t max_matching_ngram_size = 2;
  bool output_scores = false, output_logits = false, output_hidden_states = false, output_attentions = false;
};

}  // namespace ef
