// Nemotron: LayerNorm whose gain is stored less one, a plain MLP with squared ReLU, half of each head rotated.
#include "models/nemotron/nemotron.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.names.qa_base = "transformer";
  d.norm = {NormConfig::LayerUnitOffset, c.number("norm_eps", 1e-5)};
  d.hidden_act = c.text("hidden_act", "relu2");
  d.mlp = MlpKind::Plain;
  d.mlp_bias = c.flag("mlp_bias", false);
  d.attention.qkv_bias = d.attention.output_bias = c.flag("attention_bias", false);
  return d;
}

}  // namespace

Family nemotron_family() { return decoder_family("nemotron", read, {{"nemotron"}, decoder_gguf_names(), false, true}); }

}  // namespace ef
