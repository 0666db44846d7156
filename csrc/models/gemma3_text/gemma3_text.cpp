// Gemma 3, text: Gemma 2 with norms on each head of q and k, and two rotary bases: one for windows, one for full
// layers.
#include "models/gemma3_text/gemma3_text.h"

#include "models/gemma/gemma.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_gemma2(c, 6);
  d.attention.qk_norm = QkNorm::Head;
  d.attention.softcap = 0;  // read by the real library too, and never applied
  d.ropes = {read_rope(c, "full_attention", 1e6), read_rope(c, "sliding_attention", 1e4)};
  for (bool slides : sliding_layers(c, d.layers, 6)) d.rope_of_layer.push_back(slides ? 1 : 0);
  d.attention.causal = !c.flag("use_bidirectional_attention", false);
  if (!d.attention.causal)  // half of the window on each side
    for (int64_t& window : d.windows) window = window ? window / 2 + 1 : 0;
  return d;
}

}  // namespace

Family gemma3_text_family() {
  return decoder_family("gemma3_text", read,
                        {{"gemma3"},
                         decoder_gguf_names({{"blk.{}.attn_q_norm", "model.layers.{}.self_attn.q_norm"},
                                             {"blk.{}.attn_k_norm", "model.layers.{}.self_attn.k_norm"},
                                             {"blk.{}.post_attention_norm", "model.layers.{}.post_attention_layernorm"},
                                             {"blk.{}.ffn_norm", "model.layers.{}.pre_feedforward_layernorm"},
                                             {"blk.{}.post_ffw_norm", "model.layers.{}.post_feedforward_layernorm"}}),
                         false,
                         true});
}

}  // namespace ef
