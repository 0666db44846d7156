// Phi-3: q, k and v in one matrix, gate and up in another, long rope, a sliding window.
#include "models/phi3/phi3.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.attention.layout = QkvLayout::Stacked;
  d.mlp = MlpKind::GatedFused;
  d.anew_with_long_rope = true;
  d.residual_dropout = c.number("resid_pdrop", 0);
  read_windows(c, true, d);
  return d;
}

}  // namespace

Family phi3_family() {
  return decoder_family("phi3", read,
                        {{"phi3"},
                         decoder_gguf_names({{"blk.{}.attn_qkv", "model.layers.{}.self_attn.qkv_proj"},
                                             {"blk.{}.ffn_up", "model.layers.{}.mlp.gate_up_proj"}})});
}

}  // namespace ef
