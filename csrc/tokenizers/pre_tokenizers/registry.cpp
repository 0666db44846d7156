#include "tokenizers/pre_tokenizers/pre_tokenizer.h"

namespace ef::tokenizers {

PreTokenizerPtr read_bert_pre_tokenizer(const Json&);
PreTokenizerPtr read_byte_level_pre_tokenizer(const Json&);
PreTokenizerPtr read_char_delimiter_split(const Json&);
PreTokenizerPtr read_digits(const Json&);
PreTokenizerPtr read_fixed_length(const Json&);
PreTokenizerPtr read_metaspace_pre_tokenizer(const Json&);
PreTokenizerPtr read_pre_tokenizer_sequence(const Json&);
PreTokenizerPtr read_punctuation(const Json&);
PreTokenizerPtr read_split(const Json&);
PreTokenizerPtr read_unicode_scripts(const Json&);
PreTokenizerPtr read_whitespace(const Json&);
PreTokenizerPtr read_whitespace_split(const Json&);

const Registry<PreTokenizerFactory>& pre_tokenizer_registry() {
  static const auto registry = [] {
    Registry<PreTokenizerFactory> r("pre_tokenizer");
    r.add("BertPreTokenizer", read_bert_pre_tokenizer);
    r.add("ByteLevel", read_byte_level_pre_tokenizer);
    r.add("CharDelimiterSplit", read_char_delimiter_split);
    r.add("Digits", read_digits);
    r.add("FixedLength", read_fixed_length);
    r.add("Metaspace", read_metaspace_pre_tokenizer);
    r.add("Punctuation", read_punctuation);
    r.add("Sequence", read_pre_tokenizer_sequence);
    r.add("Split", read_split);
    r.add("UnicodeScripts", read_unicode_scripts);
    r.add("Whitespace", read_whitespace);
    r.add("WhitespaceSplit", read_whitespace_split);
    return r;
  }();
  return registry;
}

}  // namespace ef::tokenizers
