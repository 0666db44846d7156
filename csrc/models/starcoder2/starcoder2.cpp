// StarCoder2: LayerNorm and biases everywhere, a plain MLP, a sliding window.
#include "models/starcoder2/starcoder2.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.norm = {NormConfig::Layer, c.number("norm_epsilon", 1e-5)};
  d.attention.qkv_bias = d.attention.output_bias = d.mlp_bias = c.flag("use_bias", true);
  d.hidden_act = c.text("hidden_act", "gelu_pytorch_tanh");
  d.mlp = MlpKind::Plain;
  d.names.mlp_parts = {.up = "c_fc", .down = "c_proj", .act = "act"};
  d.residual_dropout = c.number("residual_dropout", 0);
  d.embedding_dropout = c.number("embedding_dropout", 0);
  read_windows(c, true, d);
  return d;
}

}  // namespace

Family starcoder2_family() {
  return decoder_family("starcoder2", read,
                        {{"starcoder2"},
                         decoder_gguf_names({{"blk.{}.ffn_up", "model.layers.{}.mlp.c_fc"},
                                             {"blk.{}.ffn_down", "model.layers.{}.mlp.c_proj"}})});
}

}  // namespace ef
