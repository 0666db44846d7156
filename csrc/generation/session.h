// The rows that one call of generate works on: their tokens, masks, positions and cache, and passes of the model over
// what is new in them.
#pragma once
#include "generation/generate.h"

namespace ef {

class Session {
 public:
  // `result` gets the cache, and hidden states and attentions where the request wants them.
  Session(PreTrainedModel& model, const GenerateRequest& request, GenerateResult& result);

  int64_t batch() const { return int64_t(mask_.size()); }
  int64_t positions() const { return int64_t(mask_[0].size()); }  // those of embeddings and of an old cache included
  KvCache* cache() const { return result_.past.get(); }

  // Runs the prompt, or what the cache does not hold of it. Scores f32 [batch, vocab] of the next token.
  Tensor prefill();
  // Runs the last token of each row, which has been appended to `history`.
  Tensor step();
  // Guesses that a pass may look at: none where the cache has to be made anew, which no wrong guess may cause.
  int64_t most_guesses() const;
  // Runs the last token and `guesses` behind it, of one row: logits [1, 1 + guesses, vocab].
  ModelOutput look_ahead(const std::vector<int64_t>& guesses);
  // The last `wrong` of those were: the cache forgets them. Recurrent states go back to what they were before all of
  // them, and the next pass runs the right ones again; `catch_up` does if there is no next pass.
  void forget(int64_t wrong);
  void catch_up();
  // Scores at the position `back` before the last one of `out`, in memory that processors may change.
  Tensor scores(const ModelOutput& out, int64_t back = 0);
  // From now on passes leave the hidden states of their layers, [batch, positions, hidden] each, in `states`; with
  // `of_prompt` those of the whole prompt, which then goes in one piece.
  void want_states(bool of_prompt) {
    wants_states_ = true;
    whole_prompt_ = of_prompt;
  }
  void only_read_scores(bool on) { only_read_ = on; }       // the caller will not write to them: no copy of the logits
  void only_largest_score(bool on) { only_largest_ = on; }  // of the next token: others may be anything below it
  const std::vector<Tensor>& states() const { return states_; }
  const std::vector<std::vector<int64_t>>& mask() const { return mask_; }  // of each row, 1 = looked at
  void shrink();                                                           // takes a step and `grow` back
  void grow();  // room for the token that was appended to each row
  // Row i becomes what row rows[i] was; there may be more or fewer than before. `history` is the caller's.
  void reorder(const std::vector<int64_t>& rows);
  std::vector<LogitsProcessorPtr> processors(int64_t vocab_size) const;  // all of the request, in order
  // Those for some of the rows alone, without guidance.
  std::vector<LogitsProcessorPtr> processors(int64_t vocab_size, const std::vector<int64_t>& rows,
                                             LogitsProcessorPtr diversity = nullptr) const;

  TokenHistory history;  // without the positions that only the cache or the embeddings know

 private:
  // The tokens that the processors of the source look at: an encoder's, or the rows so far.
  std::vector<std::vector<int64_t>> source_rows() const;
  Tensor with_shared(const std::vector<int64_t>& rows) const;
  int64_t rows_of_a_source(const std::vector<int64_t>& rows, int64_t share) const;
  void read_prompt();
  void read_positions();
  void trim_cache();
  ModelOutput forward(ModelInput in, int64_t from, int64_t to, int64_t keep = 1);
  bool outgrown() const;
  int64_t last_position() const;
  int64_t next_position() const;
  // The positions from `from` on, in pieces as long as asked or (0) of our choice: those of `embeds`, the last ones, or
  // of the tokens.
  ModelOutput run_from(int64_t from, const Tensor& embeds, int64_t asked);
  Tensor mask_tensor(int64_t keys) const;
  Tensor position_tensor(int64_t from, int64_t to) const;
  Tensor ids_tensor(int64_t from, int64_t to) const;
  int64_t prefill_chunk(int64_t length, int64_t asked) const;

  PreTrainedModel& model_;
  const GenerateRequest& r_;
  GenerateResult& result_;
  std::vector<std::vector<int64_t>> mask_, positions_;  // a row each; positions_: of the prompt, later ones follow
  bool masked_ = false, given_positions_ = false, wants_states_ = false, whole_prompt_ = false;
  bool only_read_ = false, only_largest_ = false;
  std::vector<Tensor> states_;
  std::vector<int64_t> source_;           // the request's row that each row comes from
  Tensor encoder_states_, encoder_mask_;  // of each row
  int64_t before_ = 0;                    // positions that are not in `history`
};

}  // namespace ef
