// Qwen3-MoE: Qwen3 with many small experts and none that all tokens share.
#include "models/qwen3_moe/qwen3_moe.h"

#include "models/common/moe.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.names.qa_base = "transformer";
  d.attention.qk_norm = QkNorm::Head;
  d.attention.qkv_bias = d.attention.output_bias = c.flag("attention_bias", false);
  if (c.flag("use_sliding_window", false)) read_windows(c, true, d);
  MoeConfig moe = read_moe(c, d.hidden_size, c.size("moe_intermediate_size"));
  moe.normalize = c.flag("norm_topk_prob", false);
  use_moe(c, moe, d);
  return d;
}

}  // namespace

Family qwen3_moe_family() {
  return decoder_family("qwen3_moe", read,
                        {{"qwen3moe"},
                         moe_gguf_names({{"blk.{}.attn_q_norm", "model.layers.{}.self_attn.q_norm"},
                                         {"blk.{}.attn_k_norm", "model.layers.{}.self_attn.k_norm"}}),
                         false});
}

}  // namespace ef
