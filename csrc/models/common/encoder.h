// The encoder that most families without a causal mask share: sums of embeddings, layers of attention and MLP with
// norms behind the residuals, a pooler of the first token, heads. A family fills in an EncoderConfig; its names are
// those of its checkpoints on the Hub, with dots. An empty name: the family has no such layer.
#pragma once
#include <functional>

#include "models/common/slots.h"
#include "models/config.h"
#include "models/family.h"
#include "models/model.h"
#include "nn/attention.h"

namespace ef {

struct EncoderNames {
  std::string base;
  std::string words = "embeddings.word_embeddings", positions = "embeddings.position_embeddings";
  std::string types = "embeddings.token_type_embeddings", norm = "embeddings.LayerNorm";
  std::string project;  // from embeddings of another width
  std::string layers = "encoder.layer";
  std::string query = "attention.self.query", key = "attention.self.key", value = "attention.self.value";
  std::string qkv;  // the three as one matrix
  std::string out = "attention.output.dense", attention_norm = "attention.output.LayerNorm";
  std::string gate;  // of a gated MLP
  std::string up = "intermediate.dense", down = "output.dense", mlp_norm = "output.LayerNorm";
  std::string pooler = "pooler.dense";
};

// out(dropout(norm(act(dense(dropout(x)))))); all but `out` may be missing
struct ScorerConfig {
  std::string dense = "", act = "", norm = "", out = "classifier";
  std::string bias = "";  // of `out`, where it stands apart from it
  int64_t width = 0;      // what dense gives; 0: the hidden size
  double dropout_in = 0, dropout = 0;
  bool dense_bias = true, out_bias = true;
};

struct EncoderHeads {
  ScorerConfig masked_lm, sequence, choice, token, answer, next_sentence, discriminator;
  bool sequence_pooled = true, choice_pooled = true;  // they read the base model's pooler, not the first token
  bool sequence_mean = false, choice_mean = false;    // they read the mean of the tokens
};

struct EncoderConfig {
  std::string name;  // of the classes: "Bert"
  int64_t vocab = 0, hidden = 0, intermediate = 0, layers = 0, heads = 0, positions = 0, types = 0, padding = -1;
  int64_t embedding_size = 0;         // 0: hidden
  int64_t shared_groups = 0;          // > 0: so many sets of weights, used by the layers in turn
  bool positions_from_ids = false;    // counted without padding, from padding + 1
  bool bias = true, mlp_bias = true;  // of the layers' matrices
  bool causal = false;                // a decoder: tokens see those before them, which a cache may hold
  NormConfig norm{NormConfig::Layer, 1e-12};
  double dropout = 0.1, attention_dropout = 0.1;
  std::string act = "gelu", pooler_act = "tanh";
  std::optional<RopeParameters> rope;
  EncoderNames names;
  EncoderHeads scorers;
  int64_t labels = 2;
  std::function<std::shared_ptr<Block>(const EncoderConfig&, int64_t index)> make_layer;  // in place of EncoderLayer
  std::function<std::unique_ptr<Body>(Module&, const EncoderConfig&, bool pooled)> make_base;  // … of EncoderBody
  // … of the heads that all encoders have: null where the family has none of that name. It takes over what it gives.
  std::function<std::unique_ptr<Body>(Module&, const EncoderConfig&, const std::string& head,
                                      std::shared_ptr<PreTrainedModel> base)>
      make_head;
};
// What all encoders read the same way, and BERT's heads with the labels and dropout that config.json states. `decodes`:
// the family knows `is_decoder`.
EncoderConfig read_encoder(const ConfigReader& config, const std::string& name, const std::string& base,
                           bool decodes = false);

// A bias of the scores and a 4-D mask, boolean or to be added; either may be undefined.
Tensor masked_bias(const Tensor& bias, const Tensor& mask);

class EncoderLayer : public Block {
 public:
  explicit EncoderLayer(const EncoderConfig& config, int64_t index = 0);
  std::string class_name() const override { return name + "Layer"; }
  Tensor forward(const Tensor& x, Pass& pass) override;  // [batch, length, hidden]
  using Module::forward;

 protected:
  virtual Tensor attend(const Tensor& x, Pass& pass);  // before the output matrix: [batch, length, hidden]
  // Mixes values [batch, heads, length, head_dim] and joins the heads; sets the pass's weights where they are wanted.
  Tensor mix(const Tensor& q, const Tensor& k, const Tensor& v, AttentionOptions options, Pass& pass) const;
  Tensor split(const Tensor& y) const { return y.unflatten(2, {heads, -1}).transpose(1, 2); }
  const std::string name;
  const int64_t heads, index;
  const bool causal;
  const double dropout, attention_dropout;
  const bool rotates;
  Slots slots{*this};
  Child<Module>*query = nullptr, *key = nullptr, *value = nullptr, *qkv = nullptr;

 private:
  const std::string act_name_;
  const ActivationFn act_;
  Child<Module>*out_, *attention_norm_, *gate_, *up_, *down_, *mlp_norm_;
};

struct EncoderBody : Body {
  EncoderBody(Module& owner, const EncoderConfig& config, bool pooled);
  ModelOutput forward(const ModelInput& input) override;
  // Sums of embeddings and their norm; `words` is [batch, length, width].
  virtual Tensor embed(const ModelInput& input, const Tensor& words);
  virtual void prepare(const ModelInput& input, const Tensor& x, Pass& pass) {}  // what all layers share
  // Behind layer `index`, whose stack began with `first`.
  virtual Tensor after_layer(int64_t index, const Tensor& first, const Tensor& x, const Pass& pass) { return x; }
  Tensor positions_of(const ModelInput& input, int64_t length) const;
  Tensor maybe_dropped(const Tensor& x) const;
  const EncoderConfig config;
  Module& owner;
  Slots slots{owner};
  Child<Module>*words = nullptr, *positions = nullptr, *types = nullptr, *norm = nullptr, *project = nullptr,
  *pooler = nullptr;
  Child<ModuleList>* layers = nullptr;
  std::optional<Rope> rope;

 private:
  ModelOutput run(const ModelInput& input);
};

// One of EncoderHeads on a base model.
std::unique_ptr<Body> make_encoder_head(Module& owner, const EncoderConfig& config, const std::string& head,
                                        std::shared_ptr<PreTrainedModel> base);
// Whether that head wants the base model's pooler.
bool reads_pooler(const EncoderConfig& config, const std::string& head);

// A Family whose models are encoders with the config that `read` returns.
Family encoder_family(const std::string& model_type, EncoderConfig (*read)(const ConfigReader&), GgufTable gguf = {});

}  // namespace ef
