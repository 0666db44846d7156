#include "tokenizers/decoders/decoder.h"

namespace ef::tokenizers {

DecoderPtr decoder_from_json(const Json& json) {
  if (json.is_null()) return nullptr;
  static const std::vector<FieldsOfKind> kUntyped = {{"BPEDecoder", {"suffix"}},
                                                     {"WordPiece", {"prefix", "cleanup"}},
                                                     {"CTC", {"pad_token", "word_delimiter_token", "cleanup"}},
                                                     {"Replace", {"pattern", "content"}},
                                                     {"Strip", {"content", "start", "stop"}}};
  const auto& kinds = decoder_registry();
  return kinds.at<TokenizerError>(component_type(json, kinds, kUntyped, "decoder"))(json);
}

}  // namespace ef::tokenizers
