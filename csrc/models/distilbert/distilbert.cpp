// DistilBERT: BERT without segments and pooler, under names of its own.
#include "models/distilbert/distilbert.h"

#include "models/common/encoder.h"

namespace ef {
namespace {

EncoderConfig read(const ConfigReader& c) {
  const ConfigReader bert = c.renamed({{"dim", "hidden_size"},
                                       {"hidden_dim", "intermediate_size"},
                                       {"n_layers", "num_hidden_layers"},
                                       {"n_heads", "num_attention_heads"},
                                       {"dropout", "hidden_dropout_prob"},
                                       {"attention_dropout", "attention_probs_dropout_prob"},
                                       {"activation", "hidden_act"}});
  EncoderConfig e = read_encoder(bert, "DistilBert", "distilbert");
  e.types = 0;
  e.norm.eps = 1e-12;
  EncoderNames& n = e.names;
  n.layers = "transformer.layer";
  n.query = "attention.q_lin";
  n.key = "attention.k_lin";
  n.value = "attention.v_lin";
  n.out = "attention.out_lin";
  n.attention_norm = "sa_layer_norm";
  n.up = "ffn.lin1";
  n.down = "ffn.lin2";
  n.mlp_norm = "output_layer_norm";
  n.types = n.pooler = "";
  EncoderHeads& h = e.scorers;
  h.masked_lm = {"vocab_transform", e.act, "vocab_layer_norm", "vocab_projector"};
  h.sequence_pooled = h.choice_pooled = false;
  h.sequence = {"pre_classifier", "relu", "", "classifier"};
  h.sequence.dropout = c.number("seq_classif_dropout", 0.2);
  h.choice = h.sequence;
  h.token.dropout = e.dropout;
  h.answer.dropout = c.number("qa_dropout", 0.1);
  return e;
}

}  // namespace

Family distilbert_family() {
  return encoder_family("distilbert", read,
                        {{"bert"},
                         {{"token_embd", "embeddings.word_embeddings"},
                          {"position_embd", "embeddings.position_embeddings"},
                          {"token_embd_norm", "embeddings.LayerNorm"},
                          {"blk.{}.attn_q", "transformer.layer.{}.attention.q_lin"},
                          {"blk.{}.attn_k", "transformer.layer.{}.attention.k_lin"},
                          {"blk.{}.attn_v", "transformer.layer.{}.attention.v_lin"},
                          {"blk.{}.attn_output", "transformer.layer.{}.attention.out_lin"},
                          {"blk.{}.attn_output_norm", "transformer.layer.{}.sa_layer_norm"},
                          {"blk.{}.ffn_up", "transformer.layer.{}.ffn.lin1"},
                          {"blk.{}.ffn_down", "transformer.layer.{}.ffn.lin2"},
                          {"blk.{}.layer_output_norm", "transformer.layer.{}.output_layer_norm"}}});
}

}  // namespace ef
