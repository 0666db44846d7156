// Pegasus: sinusoidal positions, norms before the residuals and one at the end of each stack.
#include "models/pegasus/pegasus.h"

#include <utility>

#include "models/common/bart.h"

namespace ef {
namespace {

Seq2SeqConfig read(const ConfigReader& c) {
  Seq2SeqConfig s = read_bart(c, true);
  for (StackConfig* stack : {&s.encoder, &s.decoder}) stack->positions = Positions::Sinusoidal;
  s.encoder.ids_scale = std::exchange(s.encoder.embedding_scale, 1);
  s.decoder.input_scale = std::exchange(s.decoder.embedding_scale, 1);
  return s;
}

}  // namespace

Family pegasus_family() { return seq2seq_family("pegasus", read); }

}  // namespace ef
