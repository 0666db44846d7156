// The decode loop: prefill, then forward, processors, choice, stop check and streamer, token by token.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "generation/candidates.h"
#include "generation/dola.h"
#include "generation/logits_process.h"
#include "generation/options.h"
#include "models/model.h"

namespace ef {

struct StoppingCriterion {
  virtual ~StoppingCriterion() = default;
  bool wants_scores = true;  // else they need not be all there
  // done[i] is set when row i has ended. scores [batch, vocab] are those the last tokens were chosen from.
  virtual void check(const TokenHistory& history, const Tensor& scores, std::vector<bool>& done) = 0;
};

struct BeamConstraints;

struct GenerateRequest {
  Tensor input_ids;       // int64 [batch, prompt], left-padded; [batch, 0] together with inputs_embeds
  Tensor attention_mask;  // [batch, prompt] or undefined; with what `past` holds in front, input_ids are what is new
  Tensor position_ids;    // int64 [batch or 1, prompt] in place of those that the mask gives
  Tensor inputs_embeds;   // replaces the prompt's embeddings
  std::shared_ptr<KvCache> past;  // holds a beginning of the prompt already
  // Of encoder-decoders, whose prompt above is the decoder's: what the encoder returned [batch, source, hidden], which
  // of it is not padding, and the ids it came from, if there were any.
  Tensor encoder_states, encoder_mask, encoder_ids;
  GenerationOptions options;
  std::vector<LogitsProcessorPtr> processors;
  LogitsProcessorPtr guidance, prefix_processor;  // classifier-free guidance comes before all others
  LogitsProcessorPtr watermark;                   // and this behind them
  std::shared_ptr<Candidates> candidates;         // guesses at the next tokens, of one row, in place of prompt look-up
  std::shared_ptr<BeamConstraints> constraints;   // what the texts of beam search have to contain
  std::optional<Dola> dola;
  std::vector<std::shared_ptr<StoppingCriterion>> stopping;
  std::function<void(const std::vector<int64_t>&)> streamer;  // the new token of each row
  std::function<void()> interrupt;                            // once a step; may throw
};

struct GenerateResult {
  Tensor sequences;                       // int64 [batch, prompt + new]
  std::vector<Tensor> scores, logits;     // a [batch, vocab] tensor a step
  Tensor sequences_scores, beam_indices;  // of beam search: f32 [rows], int32 [rows, new]
  std::vector<std::vector<Tensor>> hidden_states, attentions, cross_attentions;  // a step, a layer
  std::shared_ptr<KvCache> past;
  int64_t new_tokens = 0, guessed_tokens = 0, accepted_tokens = 0;  // of the candidates: how many, how many were right
  double prefill_seconds = 0, decode_seconds = 0;
};

GenerateResult generate(PreTrainedModel& model, const GenerateRequest& request);

}  // namespace ef
