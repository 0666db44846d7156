#include "tokenizers/normalizers/normalizer.h"

namespace ef::tokenizers {

NormalizerPtr normalizer_from_json(const Json& json) {
  if (json.is_null()) return nullptr;
  static const std::vector<FieldsOfKind> kUntyped = {
      {"BertNormalizer", {"clean_text", "handle_chinese_chars", "lowercase"}},
      {"Strip", {"strip_left", "strip_right"}},
      {"Sequence", {"normalizers"}},
      {"Replace", {"pattern", "content"}},
      {"Prepend", {"prepend"}}};
  const auto& kinds = normalizer_registry();
  return kinds.at<TokenizerError>(component_type(json, kinds, kUntyped, "normalizer"))(json);
}

}  // namespace ef::tokenizers
