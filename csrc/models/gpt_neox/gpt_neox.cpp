// GPT-NeoX and Pythia: q, k and v of each head together, part of each head rotated, parallel residuals.
#include "models/gpt_neox/gpt_neox.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.norm = {NormConfig::Layer, c.number("layer_norm_eps", 1e-5)};
  d.padding_idx = -1;
  d.attention.kv_heads = d.attention.heads;
  d.attention.layout = QkvLayout::Grouped;
  d.attention.qkv = "query_key_value";
  d.attention.o = "dense";
  d.attention.qkv_bias = d.attention.output_bias = c.flag("attention_bias", true);
  d.hidden_act = c.text("hidden_act", "gelu");
  d.mlp = MlpKind::Plain;
  d.mlp_bias = true;
  d.names.attention = "attention";
  d.names.mlp_parts = {.up = "dense_h_to_4h", .down = "dense_4h_to_h", .act = "act"};
  d.names.embeddings = "embed_in";
  d.names.norm = "final_layer_norm";
  d.names.base = d.names.qa_base = "gpt_neox";
  d.names.head = "embed_out";
  d.names.token_head = "classifier";
  d.parallel = c.flag("use_parallel_residual", true);
  d.residual_dropout = d.embedding_dropout = c.number("hidden_dropout", 0);
  return d;
}

}  // namespace

Family gpt_neox_family() {
  return decoder_family("gpt_neox", read,
                        {{"gptneox"},
                         {{"token_embd", "gpt_neox.embed_in"},
                          {"output_norm", "gpt_neox.final_layer_norm"},
                          {"output", "embed_out"},
                          {"blk.{}.attn_norm", "gpt_neox.layers.{}.input_layernorm"},
                          {"blk.{}.attn_qkv", "gpt_neox.layers.{}.attention.query_key_value"},
                          {"blk.{}.attn_output", "gpt_neox.layers.{}.attention.dense"},
                          {"blk.{}.ffn_norm", "gpt_neox.layers.{}.post_attention_layernorm"},
                          {"blk.{}.ffn_up", "gpt_neox.layers.{}.mlp.dense_h_to_4h"},
                          {"blk.{}.ffn_down", "gpt_neox.layers.{}.mlp.dense_4h_to_h"}},
                         false,
                         false,
                         true});
}

}  // namespace ef
