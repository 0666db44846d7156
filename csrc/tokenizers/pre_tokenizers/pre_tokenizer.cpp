#include "tokenizers/pre_tokenizers/pre_tokenizer.h"

namespace ef::tokenizers {

PreTokenizerPtr pre_tokenizer_from_json(const Json& json) {
  if (json.is_null()) return nullptr;
  return pre_tokenizer_registry().at<TokenizerError>(get_string(json, "type", "pre_tokenizer"))(json);
}

SplitBehavior split_behavior_from_json(const Json& object, std::string_view where) {
  const std::string name = get_string(object, "behavior", where);
  const SplitBehavior behavior = split_behavior_from_name(name, where);
  check<TokenizerError>(name == split_behavior_name(behavior), where, ": 'behavior' is '", name, "', needed '",
                        split_behavior_name(behavior), "'");
  return behavior;
}

}  // namespace ef::tokenizers
