// BART: learned positions, a norm of the embeddings, norms behind the residuals.
#include "models/bart/bart.h"

#include "models/common/bart.h"

namespace ef {
namespace {

Seq2SeqConfig read(const ConfigReader& c) {
  Seq2SeqConfig s = read_bart(c, false);
  for (StackConfig* stack : {&s.encoder, &s.decoder}) {
    stack->positions = Positions::Learned;
    stack->embedding_norm = "layernorm_embedding";
  }
  return s;
}

}  // namespace

Family bart_family() { return seq2seq_family("bart", read); }

}  // namespace ef
