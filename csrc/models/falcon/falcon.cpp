// Falcon: few key heads beside many queries, rotation or slopes, attention and MLP in parallel.
#include "models/falcon/falcon.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& raw) {
  const ConfigReader named = raw.renamed({{"num_kv_heads", "num_key_value_heads"},
                                          {"ffn_hidden_size", "intermediate_size"},
                                          {"activation", "hidden_act"}});
  const ConfigReader c = named.with("intermediate_size", 4 * named.size("hidden_size"));
  DecoderConfig d = read_decoder(c);
  d.padding_idx = -1;
  d.ropes = {};
  d.attention.rope = -1;
  d.norm = {NormConfig::Layer, c.number("layer_norm_epsilon", 1e-5)};
  d.names.embeddings = "word_embeddings";
  d.names.layers = "h";
  d.names.norm = "ln_f";
  d.names.attention = "self_attention";
  d.names.base = d.names.qa_base = "transformer";
  d.names.token_head = "classifier";
  d.attention.layout = QkvLayout::Grouped;
  d.attention.qkv = "query_key_value";
  d.attention.o = "dense";
  d.mlp = MlpKind::Plain;
  const bool grouped = c.flag("new_decoder_architecture", false);
  if (!grouped) d.attention.kv_heads = c.flag("multi_query", true) ? 1 : d.attention.heads;
  d.names.mlp_parts = {.up = "dense_h_to_4h", .down = "dense_4h_to_h", .act = "act"};
  d.hidden_act = c.text("hidden_act", "gelu");
  d.attention.qkv_bias = d.attention.output_bias = d.mlp_bias = c.flag("bias", false);
  if (c.flag("alibi", false)) {
    d.alibi = DecoderConfig::Alibi::Rounded;
  } else {
    d.ropes = {read_rope(c)};
    d.attention.rope = 0;
  }
  const bool parallel = c.flag("parallel_attn", true);
  check<UnsupportedError>(parallel || !grouped, "config.json: new_decoder_architecture needs parallel_attn = true");
  d.parallel = parallel;
  if (grouped && c.integer("num_ln_in_parallel_attn", 2) == 2) {
    d.names.before_attention = "ln_attn";
    d.names.before_mlp = "ln_mlp";
  } else if (parallel) {
    d.names.before_mlp = "";
  }
  d.residual_dropout = c.number("hidden_dropout", 0);
  return d;
}

}  // namespace

Family falcon_family() {
  return decoder_family(
      "falcon", read,
      {{"falcon"},
       {{"token_embd", "transformer.word_embeddings"},
        {"output_norm", "transformer.ln_f"},
        {"output", "lm_head"},
        {"blk.{}.attn_norm", "transformer.h.{}.input_layernorm"},
        {"blk.{}.attn_qkv", "transformer.h.{}.self_attention.query_key_value"},
        {"blk.{}.attn_output", "transformer.h.{}.self_attention.dense"},
        {"blk.{}.ffn_up", "transformer.h.{}.mlp.dense_h_to_4h"},
        {"blk.{}.ffn_down", "transformer.h.{}.mlp.dense_4h_to_h"}},
       false,
       false,
       true,
       false,
       "blk.0.attn_norm_2.weight",  // two norms a layer: the first is the MLP's
       {{"blk.{}.attn_norm", "transformer.h.{}.ln_mlp"}, {"blk.{}.attn_norm_2", "transformer.h.{}.ln_attn"}}});
}

}  // namespace ef
