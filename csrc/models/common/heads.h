// Heads that stand on any base model, and their losses.
#pragma once
#include "models/config.h"
#include "models/model.h"
#include "nn/layers.h"

namespace ef {

struct HeadConfig {
  int64_t hidden_size = 0, num_labels = 2;
  double dropout = 0.1;
  bool bias = true;
  std::string base = "model", name = "score";  // names of the model below and of the linear layer
};
// Labels and dropout as config.json states them.
HeadConfig read_head(const ConfigReader& config, int64_t hidden_size);

// The hidden states of the positions that logits are wanted for.
Tensor kept_positions(const Tensor& hidden_states, const ModelInput& input);
// The hidden states [batch, hidden] of each sequence's first token, packed ones included.
Tensor first_tokens(const Tensor& hidden_states, const ModelInput& input);
// The loss that `problem_type` names, of logits [batch, num_labels].
Tensor sequence_loss(const Tensor& logits, const ModelInput& input);
// Cross entropy of logits [batch, length, classes] with labels [batch, length].
Tensor token_loss(const Tensor& logits, const Tensor& labels, const std::optional<double>& divisor = {});
// Two columns of scores [batch, length, 2] as start and end, and the mean of their losses.
void answer(const Tensor& scores, const ModelInput& input, ModelOutput& out);

// Scores of the last token that is not padding.
struct LastTokenClassifierBody : Body {
  LastTokenClassifierBody(Module& owner, const HeadConfig& config, std::shared_ptr<PreTrainedModel> base);
  ModelOutput forward(const ModelInput& input) override;
  Child<PreTrainedModel> base;
  Child<Module> score;
};

// Scores of every token.
struct TokenClassifierBody : Body {
  TokenClassifierBody(Module& owner, const HeadConfig& config, std::shared_ptr<PreTrainedModel> base);
  ModelOutput forward(const ModelInput& input) override;
  Child<PreTrainedModel> base;
  Child<Module> dropout, score;
};

// Where an answer begins and ends.
struct QuestionAnsweringBody : Body {
  QuestionAnsweringBody(Module& owner, const HeadConfig& config, std::shared_ptr<PreTrainedModel> base);
  ModelOutput forward(const ModelInput& input) override;
  Child<PreTrainedModel> base;
  Child<Module> qa_outputs;
};

}  // namespace ef
