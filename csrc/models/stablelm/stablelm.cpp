// StableLM: LayerNorm, a quarter of each head rotated, optional norms of each head and parallel residuals.
#include "models/stablelm/stablelm.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.norm = d.attention.norm = {NormConfig::Layer, c.number("layer_norm_eps", 1e-5)};
  d.attention.qkv_bias = c.flag("use_qkv_bias", false);
  if (c.flag("qk_layernorm", false)) d.attention.qk_norm = QkNorm::HeadList;
  d.attention.q_norm = "q_layernorm";
  d.attention.k_norm = "k_layernorm";
  d.parallel = c.flag("use_parallel_residual", false);
  if (d.parallel) d.names.before_mlp = "";
  d.residual_dropout = c.number("hidden_dropout", 0);
  return d;
}

}  // namespace

Family stablelm_family() { return decoder_family("stablelm", read, {{"stablelm"}, decoder_gguf_names()}); }

}  // namespace ef
