// Encoder-decoders: two stacks of layers, the second of which looks at what the first returns, and the heads on them.
// A family says how a layer is made and what the stacks have around their layers.
#pragma once
#include <functional>

#include "models/config.h"
#include "models/family.h"
#include "models/model.h"
#include "nn/cross_attention.h"

namespace ef {

enum class Positions { None, Learned, Sinusoidal, SinusoidalPastPadding };

struct StackConfig {
  bool decoder = false;
  int64_t vocab_size = 0, hidden_size = 0, layers = 0;
  int64_t padding_idx = -1;
  double embedding_scale = 1, ids_scale = 1, input_scale = 1;  // in the table's module; of ids; of inputs_embeds too
  Positions positions = Positions::None;
  int64_t max_positions = 0;  // Learned: two rows more come before the first
  NormConfig norm;
  std::string layers_name = "layers", embedding_norm, final_norm;  // empty: none there
  double dropout = 0, layerdrop = 0;                               // in training
  bool final_dropout = false;
  bool use_cache = true;
  std::function<std::shared_ptr<Block>(int layer)> make_layer;
};

struct Seq2SeqConfig {
  StackConfig encoder, decoder;
  bool shared = true;     // there is a table `shared`, which the stacks' embeddings are tied to
  std::string base;       // the child that heads stand on; empty: a head holds the stacks itself
  std::string qa_base;    // the same of question answering
  std::string head_base;  // the same of classifiers
  double logit_scale = 1;
  bool logits_bias = false;  // a buffer final_logits_bias
  int64_t eos = -1;          // the sequence classifier reads the last of these
  int64_t num_labels = 2;
  double classifier_dropout = 0;
};

// Number of layers, heads …: whole numbers in range, or a ConfigError.
int64_t read_layers(const ConfigReader& config, const char* key);
int64_t read_head_dim(int64_t hidden_size, int64_t heads);

// sin and cos of positions over dim / 2 frequencies, halves apart. `weight` when the checkpoint may hold the table.
class SinusoidalPositions : public Module {
 public:
  SinusoidalPositions(int64_t positions, int64_t dim, bool stored, int64_t padding_idx = -1);
  std::string class_name() const override { return "SinusoidalPositionalEmbedding"; }
  Tensor forward(const Tensor& ids) override;  // int64 [...] → [..., dim]

 private:
  const int64_t dim_, padding_idx_;
  const bool stored_;
  Parameter table_;
};

// One of the two stacks: a model of its own, `encoder` or `decoder`.
struct StackBody : Body {
  StackBody(Module& owner, const StackConfig& config);
  ModelOutput forward(const ModelInput& input) override;
  std::shared_ptr<KvCache> new_cache() const override;
  Tensor embed(const ModelInput& input, int64_t past) const;
  const StackConfig config;
  Child<Module> embed_tokens;
  std::optional<Child<Module>> embed_positions, embedding_norm;
  Child<ModuleList> layers;
  std::optional<Child<Module>> final_norm;
};

// A Family of encoder-decoders with the config that `read` returns. Heads: base, encoder, decoder, encoder_model,
// seq2seq_lm, sequence_classification, question_answering, token_classification, causal_lm.
Family seq2seq_family(const std::string& model_type, Seq2SeqConfig (*read)(const ConfigReader&), GgufTable gguf = {});

}  // namespace ef
