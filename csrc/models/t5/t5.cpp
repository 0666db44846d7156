// T5, and Flan-T5 with its gated MLP: the first T5 scales what its head sees, 1.1 and Flan do not.
#include "models/t5/t5.h"

#include <cmath>

#include "models/common/t5.h"

namespace ef {
namespace {

Seq2SeqConfig read(const ConfigReader& c) {
  Seq2SeqConfig s = read_t5(c);
  if (c.flag("scale_decoder_outputs", true)) s.logit_scale = 1 / std::sqrt(double(s.decoder.hidden_size));
  return s;
}

}  // namespace

Family t5_family() { return seq2seq_family("t5", read, t5_gguf()); }

}  // namespace ef
