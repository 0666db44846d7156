// Granite: llama with four multipliers: of embeddings, scores, residuals and logits.
#include "models/granite/granite.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.attention.qkv_bias = d.attention.output_bias = c.flag("attention_bias", false);
  d.mlp_bias = c.flag("mlp_bias", false);
  d.input_scale = c.number("embedding_multiplier", 1);
  d.residual_scale = c.number("residual_multiplier", 1);
  d.attention.scale = c.number("attention_multiplier", 1);
  d.logit_scale = 1 / c.number("logits_scaling", 1);
  return d;
}

}  // namespace

Family granite_family() { return decoder_family("granite", read, {{"granite"}, decoder_gguf_names(), true}); }

}  // namespace ef
