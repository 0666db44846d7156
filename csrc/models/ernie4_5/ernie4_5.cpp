// ERNIE 4.5: llama with pairs side by side and one switch for all biases.
#include "models/ernie4_5/ernie4_5.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.attention.qkv_bias = d.attention.output_bias = d.mlp_bias = c.flag("use_bias", false);
  d.attention.rope_interleaved = true;
  return d;
}

}  // namespace

Family ernie4_5_family() { return decoder_family("ernie4_5", read, {{"ernie4_5"}, decoder_gguf_names()}); }

}  // namespace ef
