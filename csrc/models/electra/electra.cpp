// ELECTRA: BERT with embeddings of another width, and a head that tells replaced tokens from real ones.
#include "models/electra/electra.h"

#include "models/common/encoder.h"

namespace ef {
namespace {

EncoderConfig read(const ConfigReader& c) {
  EncoderConfig e = read_encoder(c, "Electra", "electra", true);
  e.embedding_size = c.size("embedding_size", 128);
  if (e.embedding_size != e.hidden) e.names.project = "embeddings_project";
  e.names.pooler = "";
  EncoderHeads& h = e.scorers;
  h.masked_lm = {"generator_predictions.dense", "gelu", "generator_predictions.LayerNorm", "generator_lm_head"};
  h.masked_lm.width = e.embedding_size;
  h.discriminator = {"discriminator_predictions.dense", e.act, "", "discriminator_predictions.dense_prediction"};
  h.sequence_pooled = h.choice_pooled = false;
  const double dropout = h.sequence.dropout;
  h.sequence = {"classifier.dense", "gelu", "", "classifier.out_proj"};
  h.sequence.dropout_in = h.sequence.dropout = dropout;
  const std::string summary = c.text("summary_type", "first");
  check<UnsupportedError>(summary == "first", "config.json: summary_type '", summary,
                          "' is not supported, only 'first'");
  h.choice = {c.flag("summary_use_proj", true) ? "sequence_summary.summary" : "", c.text("summary_activation", ""), "",
              "classifier"};
  h.choice.dropout = c.number("summary_last_dropout", 0);
  return e;
}

}  // namespace

Family electra_family() { return encoder_family("electra", read); }

}  // namespace ef
