// GPT-J: part of each head rotated in neighbouring pairs, attention and MLP in parallel behind one LayerNorm.
#include "models/gptj/gptj.h"

#include "models/common/gpt.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& raw) {
  const ConfigReader c = gpt2_config(raw);
  DecoderConfig d = read_gpt(c);
  d.names.before_mlp = "";
  RopeParameters rope;
  rope.partial_rotary_factor = double(c.size("rotary_dim", d.attention.head_dim)) / double(d.attention.head_dim);
  d.ropes = {rope};
  d.attention.rope = 0;
  d.attention.rope_interleaved = true;
  d.attention.o = "out_proj";
  d.mlp_bias = d.head_bias = true;
  d.parallel = true;
  d.names.mlp_parts = {.up = "fc_in", .down = "fc_out", .act = "act"};
  d.residual_dropout = c.number("resid_pdrop", 0);
  d.embedding_dropout = c.number("embd_pdrop", 0);
  return d;
}

}  // namespace

Family gptj_family() { return decoder_family("gptj", read, {}); }

}  // namespace ef
