// Mistral: no biases, an explicit head_dim, a sliding window on every layer in the first releases.
#include "models/mistral/mistral.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  read_windows(c, true, d);
  return d;
}

}  // namespace

Family mistral_family() { return decoder_family("mistral", read, {{"mistral"}, decoder_gguf_names(), true}); }

}  // namespace ef
