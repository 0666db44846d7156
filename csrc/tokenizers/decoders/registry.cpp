#include "tokenizers/decoders/decoder.h"

namespace ef::tokenizers {

DecoderPtr read_byte_level_decoder(const Json&);

const Registry<DecoderFactory>& decoder_registry() {
  static const auto registry = [] {
    Registry<DecoderFactory> r("decoder");
    r.add("ByteLevel", read_byte_level_decoder);
    return r;
  }();
  return registry;
}

}  // namespace ef::tokenizers
