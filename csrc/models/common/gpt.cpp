#include "models/common/gpt.h"

namespace ef {

ConfigReader gpt_config(const ConfigReader& raw, std::initializer_list<std::pair<const char*, const char*>> names) {
  const ConfigReader named = raw.renamed(names);
  return named.with("intermediate_size", 4 * named.size("hidden_size"));
}

ConfigReader gpt2_config(const ConfigReader& raw) {
  return gpt_config(raw, {{"n_embd", "hidden_size"},
                          {"n_layer", "num_hidden_layers"},
                          {"n_head", "num_attention_heads"},
                          {"n_positions", "max_position_embeddings"},
                          {"n_inner", "intermediate_size"},
                          {"activation_function", "hidden_act"},
                          {"attn_pdrop", "attention_dropout"}});
}

DecoderConfig read_gpt(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.padding_idx = -1;
  d.ropes = {};
  d.attention.rope = -1;
  d.names.embeddings = "wte";
  d.names.layers = "h";
  d.names.norm = "ln_f";
  d.names.attention = "attn";
  d.names.before_attention = "ln_1";
  d.names.before_mlp = "ln_2";
  d.names.base = d.names.qa_base = "transformer";
  d.names.token_head = "classifier";
  d.norm = {NormConfig::Layer, c.number("layer_norm_epsilon", 1e-5)};
  d.hidden_act = c.text("hidden_act", "gelu_new");
  d.mlp = MlpKind::Plain;
  return d;
}

}  // namespace ef
