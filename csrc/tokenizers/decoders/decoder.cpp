#include "tokenizers/decoders/decoder.h"

namespace ef::tokenizers {

DecoderPtr decoder_from_json(const Json& json) {
  if (json.is_null()) return nullptr;
  return decoder_registry().at<TokenizerError>(get_string(json, "type", "decoder"))(json);
}

}  // namespace ef::tokenizers
