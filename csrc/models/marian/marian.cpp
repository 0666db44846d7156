// Marian: sinusoidal positions, norms behind the residuals, vocabularies of the two languages shared or apart.
#include "models/marian/marian.h"

#include <utility>

#include "models/common/bart.h"

namespace ef {
namespace {

Seq2SeqConfig read(const ConfigReader& c) {
  Seq2SeqConfig s = read_bart(c, false);
  for (StackConfig* stack : {&s.encoder, &s.decoder}) stack->positions = Positions::Sinusoidal;
  s.encoder.ids_scale = std::exchange(s.encoder.embedding_scale, 1);
  s.decoder.input_scale = std::exchange(s.decoder.embedding_scale, 1);
  s.decoder.vocab_size = c.size("decoder_vocab_size", s.decoder.vocab_size);
  s.shared = c.flag("share_encoder_decoder_embeddings", true);
  if (s.shared) s.decoder.vocab_size = s.encoder.vocab_size;
  return s;
}

}  // namespace

Family marian_family() { return seq2seq_family("marian", read); }

}  // namespace ef
