// GLM-4 (0414): norms on both sides of attention and MLP, half of each head rotated in neighbouring pairs.
#include "models/glm4/glm4.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.names.after_attention = "post_self_attn_layernorm";
  d.names.after_mlp = "post_mlp_layernorm";
  d.mlp = MlpKind::GatedFused;
  d.attention.rope_interleaved = true;
  d.attention.qkv_bias = c.flag("attention_bias", true);
  return d;
}

}  // namespace

Family glm4_family() {
  return decoder_family("glm4", read,
                        {{"glm4"},
                         decoder_gguf_names({{"blk.{}.post_attention_norm", "model.layers.{}.post_self_attn_layernorm"},
                                             {"blk.{}.post_ffw_norm", "model.layers.{}.post_mlp_layernorm"},
                                             {"blk.{}.ffn_up", "model.layers.{}.mlp.gate_up_proj"}})});
}

}  // namespace ef
