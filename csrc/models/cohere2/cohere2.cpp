// Command R7B: Command R with windows; only the layers with a window rotate.
#include "models/cohere2/cohere2.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.norm = d.attention.norm = {NormConfig::LayerNoBias, c.number("layer_norm_eps", 1e-5)};
  d.parallel = true;
  d.names.before_mlp = "";
  d.attention.rope_interleaved = true;
  d.logit_scale = c.number("logit_scale", 0.0625);
  d.attention.qkv_bias = d.attention.output_bias = c.flag("attention_bias", false);
  read_windows(c, false, d, 4);
  for (int64_t window : d.windows) d.rope_of_layer.push_back(window ? 0 : -1);
  return d;
}

}  // namespace

Family cohere2_family() { return decoder_family("cohere2", read, {{"cohere2"}, decoder_gguf_names()}); }

}  // namespace ef
