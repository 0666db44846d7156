#include "tokenizers/pre_tokenizers/pre_tokenizer.h"

namespace ef::tokenizers {

PreTokenizerPtr pre_tokenizer_from_json(const Json& json) {
  if (json.is_null()) return nullptr;
  return pre_tokenizer_registry().at<TokenizerError>(get_string(json, "type", "pre_tokenizer"))(json);
}

}  // namespace ef::tokenizers
