// Qwen3: RMSNorm over each head of q and k, an explicit head_dim, no biases by default.
#include "models/qwen3/qwen3.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.names.qa_base = "transformer";
  d.attention.qk_norm = QkNorm::Head;
  d.attention.qkv_bias = d.attention.output_bias = c.flag("attention_bias", false);
  if (c.flag("use_sliding_window", false)) read_windows(c, false, d);
  return d;
}

}  // namespace

Family qwen3_family() {
  return decoder_family("qwen3", read,
                        {{"qwen3"},
                         decoder_gguf_names({{"blk.{}.attn_q_norm", "model.layers.{}.self_attn.q_norm"},
                                             {"blk.{}.attn_k_norm", "model.layers.{}.self_attn.k_norm"}}),
                         false});
}

}  // namespace ef
