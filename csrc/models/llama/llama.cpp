// Llama (1, 2, 3, SmolLM2, TinyLlama …): the gated decoder as it is, with optional biases.
#include "models/llama/llama.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.names.qa_base = "transformer";
  d.attention.qkv_bias = d.attention.output_bias = c.flag("attention_bias", false);
  d.mlp_bias = c.flag("mlp_bias", false);
  return d;
}

}  // namespace

Family llama_family() { return decoder_family("llama", read, {{"llama"}, decoder_gguf_names(), true}); }

}  // namespace ef
