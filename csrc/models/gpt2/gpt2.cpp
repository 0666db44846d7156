// GPT-2: learned positions, LayerNorm, matrices stored [in, out].
#include "models/gpt2/gpt2.h"

#include <cmath>

#include "models/common/gpt.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& raw) {
  const ConfigReader c = gpt2_config(raw);
  DecoderConfig d = read_gpt(c);
  check<UnsupportedError>(!c.flag("add_cross_attention", false), "config.json: add_cross_attention is not supported");
  d.conv1d = true;
  d.positions = c.size("max_position_embeddings");
  d.names.positions = "wpe";
  d.attention.layout = QkvLayout::Stacked;
  d.attention.qkv = "c_attn";
  d.attention.o = "c_proj";
  d.attention.scale = c.flag("scale_attn_weights", true) ? 1 / std::sqrt(double(d.attention.head_dim)) : 1;
  d.scale_by_layer = c.flag("scale_attn_by_inverse_layer_idx", false);
  d.names.mlp_parts = {.up = "c_fc", .down = "c_proj", .act = "act"};
  d.residual_dropout = c.number("resid_pdrop", 0.1);
  d.embedding_dropout = c.number("embd_pdrop", 0.1);
  return d;
}

}  // namespace

Family gpt2_family() {
  return decoder_family("gpt2", read,
                        {{"gpt2"},
                         {{"token_embd", "transformer.wte"},
                          {"position_embd", "transformer.wpe"},
                          {"output_norm", "transformer.ln_f"},
                          {"output", "lm_head"},
                          {"blk.{}.attn_norm", "transformer.h.{}.ln_1"},
                          {"blk.{}.attn_qkv", "transformer.h.{}.attn.c_attn"},
                          {"blk.{}.attn_output", "transformer.h.{}.attn.c_proj"},
                          {"blk.{}.ffn_norm", "transformer.h.{}.ln_2"},
                          {"blk.{}.ffn_up", "transformer.h.{}.mlp.c_fc"},
                          {"blk.{}.ffn_down", "transformer.h.{}.mlp.c_proj"}},
                         false,
                         false,
                         false,
                         true});
}

}  // namespace ef
