// Second role: cuts the normalized text into the words that the model looks at one by one.
#pragma once
#include <memory>

#include "core/registry.h"
#include "tokenizers/json.h"
#include "tokenizers/pre_tokenized_string.h"

namespace ef::tokenizers {

class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  virtual void pre_tokenize(PreTokenizedString& text) const = 0;
  virtual Json to_json() const = 0;
};
using PreTokenizerPtr = std::shared_ptr<const PreTokenizer>;

using PreTokenizerFactory = PreTokenizerPtr (*)(const Json&);
const Registry<PreTokenizerFactory>& pre_tokenizer_registry();
PreTokenizerPtr pre_tokenizer_from_json(const Json& json);  // null gives nullptr

}  // namespace ef::tokenizers
