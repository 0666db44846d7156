// GPT-2: learned positions, LayerNorm, matrices stored [in, out].
#include "models/gpt2/gpt2.h"

#include <cmath>

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& raw) {
  const ConfigReader named = raw.renamed({{"n_embd", "hidden_size"},
                                          {"n_layer", "num_hidden_layers"},
                                          {"n_head", "num_attention_heads"},
                                          {"n_positions", "max_position_embeddings"},
                                          {"n_inner", "intermediate_size"},
                                          {"activation_function", "hidden_act"},
                                          {"attn_pdrop", "attention_dropout"}});
  const ConfigReader c = named.with("intermediate_size", 4 * named.size("hidden_size"));
  DecoderConfig d = read_decoder(c);
  d.padding_idx = -1;
  d.ropes = {};
  d.attention.rope = -1;
  d.names.embeddings = "wte";
  d.names.layers = "h";
  d.names.norm = "ln_f";
  d.names.attention = "attn";
  d.names.before_attention = "ln_1";
  d.names.before_mlp = "ln_2";
  d.names.base = d.names.qa_base = "transformer";
  d.names.token_head = "classifier";
  d.norm = {NormConfig::Layer, c.number("layer_norm_epsilon", 1e-5)};
  check<UnsupportedError>(!c.flag("add_cross_attention", false), "config.json: add_cross_attention is not supported");
  d.conv1d = true;
  d.positions = c.size("max_position_embeddings");
  d.names.positions = "wpe";
  d.attention.layout = QkvLayout::Stacked;
  d.attention.qkv = "c_attn";
  d.attention.o = "c_proj";
  d.attention.scale = c.flag("scale_attn_weights", true) ? 1 / std::sqrt(double(d.attention.head_dim)) : 1;
  d.scale_by_layer = c.flag("scale_attn_by_inverse_layer_idx", false);
  d.hidden_act = c.text("hidden_act", "gelu_new");
  d.mlp = MlpKind::Plain;
  d.names.mlp_parts = {.up = "c_fc", .down = "c_proj", .act = "act"};
  d.residual_dropout = c.number("resid_pdrop", 0.1);
  d.embedding_dropout = c.number("embd_pdrop", 0.1);
  return d;
}

}  // namespace

Family gpt2_family() { return decoder_family("gpt2", read, {}); }

}  // namespace ef
