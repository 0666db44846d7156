// Qwen2 and Qwen2.5: biases on q, k and v only; a sliding window on some layers when switched on.
#include "models/qwen2/qwen2.h"

#include "models/common/decoder.h"

namespace ef {
namespace {

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.names.qa_base = "transformer";
  d.attention.qkv_bias = true;
  if (c.flag("use_sliding_window", false)) read_windows(c, false, d);
  return d;
}

}  // namespace

Family qwen2_family() { return decoder_family("qwen2", read, {{"qwen2"}, decoder_gguf_names(), false}); }

}  // namespace ef
