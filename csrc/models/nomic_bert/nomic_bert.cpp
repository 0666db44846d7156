// NomicBERT: BERT with rotary positions and a gated MLP, without biases in its matrices.
#include "models/nomic_bert/nomic_bert.h"

#include "models/common/encoder.h"

namespace ef {
namespace {

EncoderConfig read(const ConfigReader& c) {
  EncoderConfig e = read_encoder(c, "NomicBert", "nomic_bert");
  e.act = c.text("hidden_act", "silu");
  e.dropout = c.number("hidden_dropout_prob", 0);
  e.attention_dropout = c.number("attention_probs_dropout_prob", 0);
  const int64_t head_dim = c.size("head_dim", e.hidden / e.heads);
  check<UnsupportedError>(head_dim * e.heads == e.hidden, "config.json: head_dim ", head_dim,
                          " other than hidden_size / num_attention_heads");
  e.bias = e.mlp_bias = false;
  e.rope = read_rope(c);
  EncoderNames& n = e.names;
  n.positions = n.query = n.key = n.value = "";
  n.norm = "emb_ln";
  n.layers = "encoder.layers";
  n.qkv = "attn.Wqkv";
  n.out = "attn.out_proj";
  n.attention_norm = "norm1";
  n.gate = "mlp.fc12";
  n.up = "mlp.fc11";
  n.down = "mlp.fc2";
  n.mlp_norm = "norm2";
  e.scorers.masked_lm.norm = "cls.predictions.transform.layer_norm";
  return e;
}

}  // namespace

Family nomic_bert_family() {
  return encoder_family("nomic_bert", read,
                        {{"nomic-bert"},
                         {{"token_embd", "embeddings.word_embeddings"},
                          {"token_types", "embeddings.token_type_embeddings"},
                          {"token_embd_norm", "emb_ln"},
                          {"blk.{}.attn_qkv", "encoder.layers.{}.attn.Wqkv"},
                          {"blk.{}.attn_output", "encoder.layers.{}.attn.out_proj"},
                          {"blk.{}.attn_output_norm", "encoder.layers.{}.norm1"},
                          {"blk.{}.ffn_up", "encoder.layers.{}.mlp.fc11"},
                          {"blk.{}.ffn_gate", "encoder.layers.{}.mlp.fc12"},
                          {"blk.{}.ffn_down", "encoder.layers.{}.mlp.fc2"},
                          {"blk.{}.layer_output_norm", "encoder.layers.{}.norm2"}}});
}

}  // namespace ef
