#include "tokenizers/pre_tokenizers/pre_tokenizer.h"

namespace ef::tokenizers {

PreTokenizerPtr read_byte_level_pre_tokenizer(const Json&);
PreTokenizerPtr read_pre_tokenizer_sequence(const Json&);
PreTokenizerPtr read_split(const Json&);

const Registry<PreTokenizerFactory>& pre_tokenizer_registry() {
  static const auto registry = [] {
    Registry<PreTokenizerFactory> r("pre_tokenizer");
    r.add("ByteLevel", read_byte_level_pre_tokenizer);
    r.add("Sequence", read_pre_tokenizer_sequence);
    r.add("Split", read_split);
    return r;
  }();
  return registry;
}

}  // namespace ef::tokenizers
