// Phi-1, 1.5 and 2: attention and MLP in parallel behind one LayerNorm, biases everywhere, part of each head rotated.
#include "models/phi/phi.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.norm = d.attention.norm = {NormConfig::Layer, c.number("layer_norm_eps", 1e-5)};
  d.attention.qkv_bias = d.attention.output_bias = d.mlp_bias = d.head_bias = true;
  if (c.flag("qk_layernorm", false)) d.attention.qk_norm = QkNorm::Head;
  d.attention.o = "dense";
  d.attention.q_norm = "q_layernorm";
  d.attention.k_norm = "k_layernorm";
  d.hidden_act = c.text("hidden_act", "gelu_new");
  d.mlp = MlpKind::Plain;
  d.names.mlp_parts = {.up = "fc1", .down = "fc2", .act = "activation_fn"};
  d.parallel = true;
  d.names.before_mlp = "";
  d.names.norm = "final_layernorm";
  d.residual_dropout = c.number("resid_pdrop", 0);
  d.embedding_dropout = c.number("embd_pdrop", 0);
  return d;
}

}  // namespace

Family phi_family() {
  return decoder_family("phi", read,
                        {{"phi2"},
                         decoder_gguf_names({{"output_norm", "model.final_layernorm"},
                                             {"blk.{}.attn_output", "model.layers.{}.self_attn.dense"},
                                             {"blk.{}.ffn_up", "model.layers.{}.mlp.fc1"},
                                             {"blk.{}.ffn_down", "model.layers.{}.mlp.fc2"}})});
}

}  // namespace ef
