// ALBERT: narrow embeddings, and layers that share their weights.
#include "models/albert/albert.h"

#include "models/common/encoder.h"

namespace ef {
namespace {

EncoderConfig read(const ConfigReader& c) {
  EncoderConfig e = read_encoder(c.renamed({{"classifier_dropout_prob", "classifier_dropout"}}), "Albert", "albert");
  e.embedding_size = c.size("embedding_size", 128);
  e.act = c.text("hidden_act", "gelu_new");
  e.shared_groups = c.size("num_hidden_groups", 1);
  check<ConfigError>(e.shared_groups <= 10000, "config.json: 'num_hidden_groups' is ", e.shared_groups);
  const int64_t inner = c.size("inner_group_num", 1);
  check<UnsupportedError>(inner == 1, "config.json: inner_group_num ", inner, " is not supported, only 1");
  EncoderNames& n = e.names;
  n.project = "encoder.embedding_hidden_mapping_in";
  n.layers = "encoder.albert_layer_groups";
  n.query = "albert_layers.0.attention.query";
  n.key = "albert_layers.0.attention.key";
  n.value = "albert_layers.0.attention.value";
  n.out = "albert_layers.0.attention.dense";
  n.attention_norm = "albert_layers.0.attention.LayerNorm";
  n.up = "albert_layers.0.ffn";
  n.down = "albert_layers.0.ffn_output";
  n.mlp_norm = "albert_layers.0.full_layer_layer_norm";
  n.pooler = "pooler";
  EncoderHeads& h = e.scorers;
  h.masked_lm = {"predictions.dense", e.act, "predictions.LayerNorm", "predictions.decoder", "predictions.bias"};
  h.masked_lm.width = e.embedding_size;
  h.next_sentence = {"", "", "", "sop_classifier.classifier"};
  h.next_sentence.dropout = h.sequence.dropout;
  return e;
}

}  // namespace

Family albert_family() { return encoder_family("albert", read); }

}  // namespace ef
