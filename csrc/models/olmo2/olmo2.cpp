// OLMo 2: norms after attention and MLP only, and over all of q and of k.
#include "models/olmo2/olmo2.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.names.before_attention = "";
  d.names.after_attention = "post_attention_layernorm";
  d.names.before_mlp = "";
  d.names.after_mlp = "post_feedforward_layernorm";
  d.attention.qk_norm = QkNorm::Full;
  d.attention.qkv_bias = d.attention.output_bias = c.flag("attention_bias", false);
  return d;
}

}  // namespace

Family olmo2_family() {
  return decoder_family("olmo2", read,
                        {{"olmo2"},
                         decoder_gguf_names({{"blk.{}.attn_q_norm", "model.layers.{}.self_attn.q_norm"},
                                             {"blk.{}.attn_k_norm", "model.layers.{}.self_attn.k_norm"},
                                             {"blk.{}.post_attention_norm", "model.layers.{}.post_attention_layernorm"},
                                             {"blk.{}.post_ffw_norm", "model.layers.{}.post_feedforward_layernorm"}}),
                         false});
}

}  // namespace ef
