#include "tokenizers/processors/post_processor.h"

namespace ef::tokenizers {

std::vector<Encoding> default_process(std::vector<Encoding> encodings) {
  if (encodings.size() == 1) return encodings;
  Encoding joined;
  for (size_t i = 0; i < encodings.size(); i++) {
    encodings[i].set_sequence_id(i);
    joined.merge_with(encodings[i], false);
  }
  std::vector<Encoding> out;
  out.push_back(std::move(joined));
  return out;
}

Encoding post_process(const PostProcessor* processor, Encoding first, std::optional<Encoding> pair,
                      bool add_special_tokens) {
  std::vector<Encoding> encodings;
  encodings.push_back(std::move(first));
  if (pair) encodings.push_back(std::move(*pair));
  if (!processor) return std::move(default_process(std::move(encodings))[0]);
  for (size_t i = 0; i < encodings.size(); i++) {
    encodings[i].set_sequence_id(i);
    encodings[i].set_type_ids(uint32_t(i));
    for (Encoding& o : encodings[i].overflowing) o.set_sequence_id(i);
  }
  return Encoding::merge(processor->process(std::move(encodings), add_special_tokens), false);
}

PostProcessorPtr post_processor_from_json(const Json& json) {
  if (json.is_null()) return nullptr;
  // For these the name never counts.
  static const std::vector<FieldsOfKind> kUntyped = {
      {"RobertaProcessing", {"sep", "cls", "trim_offsets", "add_prefix_space"}},
      {"BertProcessing", {"sep", "cls"}},
      {"TemplateProcessing", {"single", "pair", "special_tokens"}}};
  const FieldsOfKind* kind = kind_by_fields(json, kUntyped);
  if (kind && kind->type == "RobertaProcessing" &&
      !(json["trim_offsets"].is_boolean() && json["add_prefix_space"].is_boolean()))
    kind = &kUntyped[1];
  const std::string type = kind ? std::string(kind->type) : get_string(json, "type", "post_processor");
  return post_processor_registry().at<TokenizerError>(type)(json);
}

}  // namespace ef::tokenizers
