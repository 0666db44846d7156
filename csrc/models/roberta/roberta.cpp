// RoBERTa: BERT with positions counted without padding, and heads of its own.
#include "models/roberta/roberta.h"

#include "models/bert/bert.h"

namespace ef {

EncoderConfig read_roberta(const ConfigReader& c) {
  EncoderConfig e = read_encoder(c.with("pad_token_id", 1), "Roberta", "roberta", true);
  e.positions_from_ids = true;
  EncoderHeads& h = e.scorers;
  h.masked_lm = {"lm_head.dense", "gelu", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias"};
  h.sequence_pooled = false;
  const double dropout = h.sequence.dropout;
  h.sequence = {"classifier.dense", "tanh", "", "classifier.out_proj"};
  h.sequence.dropout_in = h.sequence.dropout = dropout;
  h.choice.dropout = e.dropout;
  return e;
}

Family roberta_family() { return encoder_family("roberta", read_roberta, bert_gguf()); }

}  // namespace ef
