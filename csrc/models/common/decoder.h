// The gated decoder that llama, mistral, qwen and their like share: embeddings, pre-norm blocks of attention and gated
// MLP, a final norm. A family fills in a DecoderConfig.
#pragma once
#include "models/config.h"
#include "models/family.h"
#include "models/model.h"
#include "nn/attention.h"

namespace ef {

struct DecoderConfig {
  int64_t vocab_size = 0, hidden_size = 0, intermediate_size = 0, layers = 0;
  AttentionConfig attention;
  std::vector<int64_t> windows;  // of each layer, 0 = full attention; empty: all full
  RopeParameters rope;
  std::string hidden_act = "silu";
  bool mlp_bias = false;
  double norm_eps = 1e-6;
  bool use_cache = true;
};
// What all gated decoders read the same way; families adjust the rest.
DecoderConfig read_decoder(const ConfigReader& config);
// Windows from `layer_types`, else `sliding_window` on every layer when `on_all`.
void read_windows(const ConfigReader& config, bool on_all, DecoderConfig& out);

class DecoderLayer : public Block {
 public:
  DecoderLayer(const DecoderConfig& config, int index);
  std::string class_name() const override { return "DecoderLayer"; }
  Tensor forward(const Tensor& x, Pass& pass) override;  // [batch, length, hidden]
  using Module::forward;
  Child<Attention> self_attn{*this, "self_attn"};
  Child<Module> mlp{*this, "mlp"};
  Child<Module> input_layernorm{*this, "input_layernorm"}, post_attention_layernorm{*this, "post_attention_layernorm"};
};

struct DecoderBody : Body {
  DecoderBody(Module& owner, const DecoderConfig& config);
  ModelOutput forward(const ModelInput& input) override;
  DecoderConfig config;
  Child<Module> embed_tokens;
  Child<ModuleList> layers;
  Child<Module> norm;
  Child<RotaryEmbedding> rotary_emb;
};

struct CausalLmBody : Body {
  CausalLmBody(Module& owner, const DecoderConfig& config, std::shared_ptr<PreTrainedModel> base);
  ModelOutput forward(const ModelInput& input) override;
  Child<PreTrainedModel> model;
  Child<Module> lm_head;
};

// A Family whose models are decoders with the config that `read` returns.
Family decoder_family(const std::string& model_type, DecoderConfig (*read)(const ConfigReader&), GgufTable gguf);
// The names llama.cpp gives to the tensors of a gated decoder; `extra` is added.
std::vector<std::pair<std::string, std::string>> decoder_gguf_names(
    std::vector<std::pair<std::string, std::string>> extra = {});

}  // namespace ef
