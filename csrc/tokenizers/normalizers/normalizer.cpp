#include "tokenizers/normalizers/normalizer.h"

namespace ef::tokenizers {

NormalizerPtr normalizer_from_json(const Json& json) {
  if (json.is_null()) return nullptr;
  return normalizer_registry().at<TokenizerError>(get_string(json, "type", "normalizer"))(json);
}

}  // namespace ef::tokenizers
