// Gemma 2: sandwich norms, softcaps on scores and logits, every other layer within a window.
#include "models/gemma2/gemma2.h"

#include "models/gemma/gemma.h"

namespace ef {

Family gemma2_family() {
  auto read = [](const ConfigReader& c) {
    refuse_bidirectional(c);
    return read_gemma2(c, 2);
  };
  return decoder_family("gemma2", read,
                        {{"gemma2"},
                         decoder_gguf_names({{"blk.{}.post_attention_norm", "model.layers.{}.post_attention_layernorm"},
                                             {"blk.{}.ffn_norm", "model.layers.{}.pre_feedforward_layernorm"},
                                             {"blk.{}.post_ffw_norm", "model.layers.{}.post_feedforward_layernorm"}}),
                         false,
                         true});
}

}  // namespace ef
