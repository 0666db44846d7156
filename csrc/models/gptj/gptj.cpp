// GPT-J: part of each head rotated in neighbouring pairs, attention and MLP in parallel behind one LayerNorm.
#include "models/gptj/gptj.h"

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
  d.names.before_mlp = "";
  d.names.base = d.names.qa_base = "transformer";
  d.names.token_head = "classifier";
  d.norm = {NormConfig::Layer, c.number("layer_norm_epsilon", 1e-5)};
  RopeParameters rope;
  rope.partial_rotary_factor = double(c.size("rotary_dim", d.attention.head_dim)) / double(d.attention.head_dim);
  d.ropes = {rope};
  d.attention.rope = 0;
  d.attention.rope_interleaved = true;
  d.attention.o = "out_proj";
  d.mlp_bias = d.head_bias = true;
  d.parallel = true;
  d.hidden_act = c.text("hidden_act", "gelu_new");
  d.mlp = MlpKind::Plain;
  d.names.mlp_parts = {.up = "fc_in", .down = "fc_out", .act = "act"};
  d.residual_dropout = c.number("resid_pdrop", 0);
  d.embedding_dropout = c.number("embd_pdrop", 0);
  return d;
}

}  // namespace

Family gptj_family() { return decoder_family("gptj", read, {}); }

}  // namespace ef
