// The decoder that most text families share: embeddings, blocks of attention and MLP with norms around them, a final
// norm, a head. A family fills in a DecoderConfig; its names are those of its checkpoints on the Hub.
#pragma once
#include <functional>

#include "models/config.h"
#include "models/family.h"
#include "models/model.h"
#include "nn/attention.h"

namespace ef {

struct DecoderNames {
  std::string embeddings = "embed_tokens", layers = "layers", norm = "norm";
  std::string attention = "self_attn", mlp = "mlp";
  std::string inner_attention;            // where attention stands one module deeper
  std::string positions, embedding_norm;  // learned positions, a norm of the embeddings; empty: none
  // Norms of a layer: before and after attention, before and after the MLP. Empty: none there.
  std::string before_attention = "input_layernorm", after_attention;
  std::string before_mlp = "post_attention_layernorm", after_mlp;
  MlpNames mlp_parts;
  std::string base = "model", head = "lm_head";
  std::string qa_base = "model", token_head = "score";
};

enum class MlpKind { Gated, GatedFused, Plain };

struct DecoderConfig {
  int64_t vocab_size = 0, hidden_size = 0, intermediate_size = 0, layers = 0;
  DecoderNames names;
  AttentionConfig attention;
  std::vector<int64_t> windows;       // of each layer, 0 = full attention; empty: all full
  std::vector<RopeParameters> ropes;  // rotary tables
  bool anew_with_long_rope = false;   // keys are computed again where a sequence outgrows the short factors
  std::vector<int> rope_of_layer;     // table of each layer, negative: no rotation; empty: `attention.rope` for all
  NormConfig norm;
  std::string hidden_act = "silu";
  MlpKind mlp = MlpKind::Gated;
  bool mlp_bias = false, head_bias = false;
  bool conv1d = false;                                            // all matrices of the layers are stored [in, out]
  int64_t positions = 0, position_offset = 0;                     // learned positions, and the row of the first
  bool positions_from_mask = false;                               // count the tokens that are not padding
  enum class Alibi { None, Plain, Rounded } alibi = Alibi::None;  // Rounded: in bfloat16, and scaled like the scores
  bool scale_by_layer = false;                                    // scores of layer i divided by i + 1
  bool residual_from_norm = false;                                // residuals are taken behind the norms
  int64_t embedding_size = 0;                                     // other than hidden_size: projected in and out
  std::function<std::shared_ptr<Block>(const DecoderConfig&, int layer)> make_layer;  // in place of DecoderLayer
  // In place of Attention, and of the MLP that `mlp` names; a null answer keeps the usual one.
  std::function<std::shared_ptr<Block>(const AttentionConfig&, int layer)> make_attention;
  std::function<std::shared_ptr<Module>(const DecoderConfig&, int layer)> make_mlp;
  int64_t experts_per_token = 0;  // of a model with routers, whose loss then counts `aux_weight`
  double aux_weight = 0;
  std::vector<bool> recurrent;                         // layers that keep a state instead of keys and values
  bool states_behind = false;                          // hidden_states are what layers return, not what they get
  bool parallel = false;                               // attention and MLP both read the layer's input
  double embedding_dropout = 0, residual_dropout = 0;  // in training
  double input_scale = 1;                              // of embeddings, inputs_embeds too
  double embedding_scale = 1, residual_scale = 1, logit_scale = 1, logit_softcap = 0;
  int64_t padding_idx = -1;  // a row of the embeddings that is not trained
  bool use_cache = true;
};
// What all gated decoders read the same way; families adjust the rest.
DecoderConfig read_decoder(const ConfigReader& config);
// True for each layer that `layer_types` calls sliding_attention. Without such a list: all but every `pattern`th, or
// (pattern 0) an empty answer.
std::vector<bool> sliding_layers(const ConfigReader& config, int64_t layers, int64_t pattern = 0);
// Windows of those layers; without a list, `sliding_window` on every layer when `on_all`.
void read_windows(const ConfigReader& config, bool on_all, DecoderConfig& out, int64_t pattern = 0);

// Attention that stands one module deeper in the checkpoint's names.
class NestedAttention : public Block {
 public:
  NestedAttention(const std::string& name, std::shared_ptr<Block> attention);
  std::string class_name() const override { return "NestedAttention"; }
  Tensor forward(const Tensor& x, Pass& pass) override;
  using Module::forward;
  Child<Block> attention;
};

// An MLP that reads, or writes, more of the pass than its input.
class RoutedMlp : public Module {
 public:
  using Module::forward;
  virtual Tensor forward(const Tensor& x, Pass& pass) = 0;
};

class DecoderLayer : public Block {
 public:
  DecoderLayer(const DecoderConfig& config, int index);
  std::string class_name() const override { return "DecoderLayer"; }
  Tensor forward(const Tensor& x, Pass& pass) override;  // [batch, length, hidden]
  using Module::forward;
  const double residual_scale, residual_dropout;
  const bool parallel, residual_from_norm;
  Child<Block> attention;
  Child<Module> mlp;
  std::optional<Child<Module>> before_attention, after_attention, before_mlp, after_mlp;  // norms
};

class DecoderSteps;

struct DecoderBody : Body {
  DecoderBody(Module& owner, const DecoderConfig& config);
  ~DecoderBody() override;
  ModelOutput forward(const ModelInput& input) override;
  std::shared_ptr<KvCache> new_cache() const override;
  int64_t anew_beyond() const override;
  Tensor learned_positions(const ModelInput& input, const Tensor& positions, int64_t batch) const;
  DecoderConfig config;
  Child<Module> embed_tokens;
  Child<ModuleList> layers;
  std::optional<Child<Module>> embed_positions, embedding_norm, norm, project_in, project_out;
  std::vector<std::unique_ptr<Child<RotaryEmbedding>>> rotary;  // rotary_emb, rotary_emb_1, …
  Derived<DecoderSteps> steps;                                  // of the layers
};

struct CausalLmBody : Body {
  CausalLmBody(Module& owner, const DecoderConfig& config, std::shared_ptr<PreTrainedModel> base);
  ModelOutput forward(const ModelInput& input) override;
  std::shared_ptr<KvCache> new_cache() const override { return model->new_cache(); }
  int64_t anew_beyond() const override { return model->anew_beyond(); }
  bool train_on(const Tensor& h, const ModelInput& in, ModelOutput& out) const;
  ModelOutput run_base(const ModelInput& in);
  bool only_largest(const Module& head, const Tensor& h, const ModelInput& in) const;
  Tensor logits(const Tensor& h, const ModelInput& in) const;
  const double logit_scale, logit_softcap, aux_weight;
  const int64_t experts_per_token;
  Child<PreTrainedModel> model;
  Child<Module> lm_head;
};

// A weight as layers compute with it: float64 as it is, all others in float32.
Tensor computing(const Tensor& weight);

// A Family whose models are decoders with the config that `read` returns.
Family decoder_family(const std::string& model_type, DecoderConfig (*read)(const ConfigReader&), GgufTable gguf);
// The names llama.cpp gives to the tensors of a gated decoder; `extra` is added, or replaces.
std::vector<std::pair<std::string, std::string>> decoder_gguf_names(
    std::vector<std::pair<std::string, std::string>> extra = {});

}  // namespace ef
