// GPT-Neo: learned positions, unscaled scores, a window on every other layer.
#include "models/gpt_neo/gpt_neo.h"

#include "models/common/gpt.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& raw) {
  const ConfigReader c = gpt_config(raw, {{"num_layers", "num_hidden_layers"},
                                          {"num_heads", "num_attention_heads"},
                                          {"activation_function", "hidden_act"}});
  DecoderConfig d = read_gpt(c);
  d.positions = c.size("max_position_embeddings");
  d.names.positions = "wpe";
  d.names.inner_attention = "attention";
  d.attention.o = "out_proj";
  d.attention.output_bias = d.mlp_bias = true;
  d.attention.scale = 1;
  for (const std::string& type : c.texts("attention_layers"))
    d.windows.push_back(type == "local" ? c.size("window_size", 256) : 0);
  check<ConfigError>(d.windows.empty() || int64_t(d.windows.size()) == d.layers, "config.json: 'attention_layers' has ",
                     d.windows.size(), " entries, needed num_layers = ", d.layers);
  d.names.mlp_parts = {.up = "c_fc", .down = "c_proj", .act = "act"};
  d.residual_dropout = c.number("resid_dropout", 0);
  d.embedding_dropout = c.number("embed_dropout", 0);
  return d;
}

}  // namespace

Family gpt_neo_family() { return decoder_family("gpt_neo", read, {}); }

}  // namespace ef
