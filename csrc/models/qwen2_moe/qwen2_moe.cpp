// Qwen2-MoE: many small experts, and one that sees every token behind a gate of its own.
#include "models/qwen2_moe/qwen2_moe.h"

#include "models/common/moe.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.attention.qkv_bias = c.flag("qkv_bias", true);
  if (c.flag("use_sliding_window", false)) read_windows(c, false, d);
  MoeConfig moe = read_moe(c, d.hidden_size, c.size("moe_intermediate_size"));
  moe.normalize = c.flag("norm_topk_prob", false);
  moe.shared_size = c.size("shared_expert_intermediate_size");
  moe.shared_gate = "shared_expert_gate";
  use_moe(c, moe, d);
  return d;
}

}  // namespace

Family qwen2_moe_family() { return decoder_family("qwen2_moe", read, {{"qwen2moe"}, moe_gguf_names(), false}); }

}  // namespace ef
