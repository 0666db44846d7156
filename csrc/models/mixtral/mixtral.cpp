// Mixtral: Mistral whose MLPs are chosen, two of eight a token.
#include "models/mixtral/mixtral.h"

#include "models/common/moe.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  read_windows(c, true, d);
  MoeConfig moe = read_moe(c, d.hidden_size, d.intermediate_size);
  moe.normalize = true;
  moe.jitter = c.number("router_jitter_noise", 0);
  moe.names.gate = "w1";
  moe.names.down = "w2";
  moe.names.up = "w3";
  use_moe(c, moe, d);
  d.names.mlp = "block_sparse_moe";
  return d;
}

}  // namespace

Family mixtral_family() {
  return decoder_family(
      "mixtral", read,
      {{"llama"},
       decoder_gguf_names({{"blk.{}.ffn_gate_inp", "model.layers.{}.block_sparse_moe.gate"},
                           {"blk.{}.ffn_gate_exps", "model.layers.{}.block_sparse_moe.experts.{e}.w1"},
                           {"blk.{}.ffn_down_exps", "model.layers.{}.block_sparse_moe.experts.{e}.w2"},
                           {"blk.{}.ffn_up_exps", "model.layers.{}.block_sparse_moe.experts.{e}.w3"}}),
       true});
}

}  // namespace ef
