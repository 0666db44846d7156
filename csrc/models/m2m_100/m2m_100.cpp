// M2M100 and NLLB: sinusoidal positions that count the tokens behind the padding id, norms before the residuals.
#include "models/m2m_100/m2m_100.h"

#include "models/common/bart.h"

namespace ef {
namespace {

Seq2SeqConfig read(const ConfigReader& c) {
  Seq2SeqConfig s = read_bart(c, true);
  for (StackConfig* stack : {&s.encoder, &s.decoder}) stack->positions = Positions::SinusoidalPastPadding;
  check<ConfigError>(s.encoder.padding_idx >= 0 && s.encoder.padding_idx < s.encoder.vocab_size,
                     "config.json: 'pad_token_id' is ", s.encoder.padding_idx,
                     ", needed a token id: positions are counted from it");
  s.logits_bias = false;
  return s;
}

}  // namespace

Family m2m_100_family() { return seq2seq_family("m2m_100", read); }

}  // namespace ef
