// mBART: BART with norms before the residuals and one at the end of each stack.
#include "models/mbart/mbart.h"

#include "models/common/bart.h"

namespace ef {
namespace {

Seq2SeqConfig read(const ConfigReader& c) {
  Seq2SeqConfig s = read_bart(c, true);
  for (StackConfig* stack : {&s.encoder, &s.decoder}) {
    stack->positions = Positions::Learned;
    stack->embedding_norm = "layernorm_embedding";
  }
  return s;
}

}  // namespace

Family mbart_family() { return seq2seq_family("mbart", read); }

}  // namespace ef
