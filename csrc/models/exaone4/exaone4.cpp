// EXAONE 4: norms after attention and MLP, norms of each head, no rotation on full layers beside windows.
#include "models/exaone4/exaone4.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.names.qa_base = "transformer";
  d.names.before_attention = "";
  d.names.after_attention = "post_attention_layernorm";
  d.names.before_mlp = "";
  d.names.after_mlp = "post_feedforward_layernorm";
  d.attention.qk_norm = QkNorm::Head;
  if (!c.has("sliding_window")) return d;
  read_windows(c, false, d, 4);
  for (int64_t window : d.windows) d.rope_of_layer.push_back(window ? 0 : -1);
  return d;
}

}  // namespace

Family exaone4_family() {
  return decoder_family("exaone4", read,
                        {{"exaone4"},
                         decoder_gguf_names({{"blk.{}.attn_q_norm", "model.layers.{}.self_attn.q_norm"},
                                             {"blk.{}.attn_k_norm", "model.layers.{}.self_attn.k_norm"},
                                             {"blk.{}.post_attention_norm", "model.layers.{}.post_attention_layernorm"},
                                             {"blk.{}.post_ffw_norm", "model.layers.{}.post_feedforward_layernorm"}})});
}

}  // namespace ef
