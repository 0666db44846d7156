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

Family glm4_family() { return decoder_family("glm4", read, {}); }

}  // namespace ef
