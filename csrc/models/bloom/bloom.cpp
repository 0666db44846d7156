// BLOOM: positions as a slope on the scores, a norm of the embeddings, q, k and v of each head together.
#include "models/bloom/bloom.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& raw) {
  const ConfigReader named = raw.renamed({{"n_layer", "num_hidden_layers"}, {"n_head", "num_attention_heads"}});
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
  d.attention.kv_heads = d.attention.heads;
  d.names.embedding_norm = "word_embeddings_layernorm";
  d.names.mlp_parts = {.up = "dense_h_to_4h", .down = "dense_4h_to_h", .act = "gelu_impl"};
  d.hidden_act = "gelu_pytorch_tanh";
  d.attention.qkv_bias = d.attention.output_bias = d.mlp_bias = true;
  d.alibi = DecoderConfig::Alibi::Plain;
  d.residual_from_norm = c.flag("apply_residual_connection_post_layernorm", false);
  d.residual_dropout = c.number("hidden_dropout", 0);
  return d;
}

}  // namespace

Family bloom_family() {
  return decoder_family("bloom", read,
                        {{"bloom"},
                         {{"token_embd", "transformer.word_embeddings"},
                          {"token_embd_norm", "transformer.word_embeddings_layernorm"},
                          {"output_norm", "transformer.ln_f"},
                          {"output", "lm_head"},
                          {"blk.{}.attn_norm", "transformer.h.{}.input_layernorm"},
                          {"blk.{}.attn_qkv", "transformer.h.{}.self_attention.query_key_value"},
                          {"blk.{}.attn_output", "transformer.h.{}.self_attention.dense"},
                          {"blk.{}.ffn_norm", "transformer.h.{}.post_attention_layernorm"},
                          {"blk.{}.ffn_up", "transformer.h.{}.mlp.dense_h_to_4h"},
                          {"blk.{}.ffn_down", "transformer.h.{}.mlp.dense_4h_to_h"}},
                         false,
                         false,
                         true});
}

}  // namespace ef
