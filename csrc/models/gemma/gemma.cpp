// Gemma: gains stored less one, embeddings times √hidden_size, a GELU gate, an explicit head_dim.
#include "models/gemma/gemma.h"

#include <cmath>

namespace ef {

DecoderConfig read_gemma(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.norm.kind = d.attention.norm.kind = NormConfig::RmsUnitOffset;
  d.embedding_scale = std::sqrt(double(d.hidden_size));
  d.hidden_act = c.text("hidden_act", "gelu_pytorch_tanh");
  if (d.hidden_act == "gelu") d.hidden_act = "gelu_pytorch_tanh";  // what the first release meant by it
  d.attention.qkv_bias = d.attention.output_bias = c.flag("attention_bias", false);
  return d;
}

DecoderConfig read_gemma2(const ConfigReader& c, int64_t pattern) {
  DecoderConfig d = read_gemma(c);
  d.hidden_act = c.text("hidden_activation", "gelu_pytorch_tanh");
  d.names.after_attention = "post_attention_layernorm";
  d.names.before_mlp = "pre_feedforward_layernorm";
  d.names.after_mlp = "post_feedforward_layernorm";
  d.attention.scale = 1 / std::sqrt(double(c.size("query_pre_attn_scalar", 256)));
  d.attention.softcap = c.number("attn_logit_softcapping", 0);
  d.logit_softcap = c.number("final_logit_softcapping", 0);
  read_windows(c, false, d, pattern);
  return d;
}

void refuse_bidirectional(const ConfigReader& c) {
  check<UnsupportedError>(!c.flag("use_bidirectional_attention", false),
                          "config.json: use_bidirectional_attention is supported for gemma3_text only");
}

Family gemma_family() {
  auto read = [](const ConfigReader& c) {
    refuse_bidirectional(c);
    return read_gemma(c);
  };
  return decoder_family("gemma", read, {{"gemma"}, decoder_gguf_names(), false, true});
}

}  // namespace ef
