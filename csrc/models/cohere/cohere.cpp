// Command R: LayerNorm without bias, attention and MLP in parallel, pairs side by side, scaled logits.
#include "models/cohere/cohere.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.norm = d.attention.norm = {NormConfig::LayerNoBias, c.number("layer_norm_eps", 1e-5)};
  d.parallel = true;
  d.names.before_mlp = "";
  d.attention.rope_interleaved = true;
  d.logit_scale = c.number("logit_scale", 0.0625);
  d.attention.qkv_bias = d.attention.output_bias = c.flag("attention_bias", false);
  if (c.flag("use_qk_norm", false)) d.attention.qk_norm = QkNorm::HeadMatrix;
  return d;
}

}  // namespace

Family cohere_family() {
  return decoder_family("cohere", read,
                        {{"command-r"},
                         decoder_gguf_names({{"blk.{}.attn_q_norm", "model.layers.{}.self_attn.q_norm"},
                                             {"blk.{}.attn_k_norm", "model.layers.{}.self_attn.k_norm"}})});
}

}  // namespace ef
