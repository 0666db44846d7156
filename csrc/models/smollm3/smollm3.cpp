// SmolLM3: llama without rotation on every fourth layer.
#include "models/smollm3/smollm3.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.names.qa_base = "transformer";
  d.attention.qkv_bias = d.attention.output_bias = c.flag("attention_bias", false);
  d.mlp_bias = c.flag("mlp_bias", false);
  for (double turns : c.numbers("no_rope_layers")) d.rope_of_layer.push_back(turns != 0 ? 0 : -1);
  check<ConfigError>(d.rope_of_layer.empty() || int64_t(d.rope_of_layer.size()) == d.layers,
                     "config.json: 'no_rope_layers' has ", d.rope_of_layer.size(),
                     " entries, needed num_hidden_layers = ", d.layers);
  const int64_t interval = c.size("no_rope_layer_interval", 4);
  if (d.rope_of_layer.empty())
    for (int64_t i = 1; i <= d.layers; i++) d.rope_of_layer.push_back(i % interval ? 0 : -1);
  if (c.flag("use_sliding_window", false)) read_windows(c, false, d);
  return d;
}

}  // namespace

Family smollm3_family() { return decoder_family("smollm3", read, {{"smollm3"}, decoder_gguf_names(), true}); }

}  // namespace ef
