// Splits at white space, and punctuation off.
#include "tokenizers/pre_tokenizers/by_character.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/unicode.h"

namespace ef::tokenizers {
namespace {

class BertPreTokenizer : public PreTokenizer {
 public:
  void pre_tokenize(PreTokenizedString& text) const override {
    split_by_character(text, SplitBehavior::Removed, is_white_space);
    split_by_character(text, SplitBehavior::Isolated, is_punctuation);
  }
  Json to_json() const override { return {{"type", "BertPreTokenizer"}}; }
};

}  // namespace

PreTokenizerPtr read_bert_pre_tokenizer(const Json&) { return std::make_shared<BertPreTokenizer>(); }

}  // namespace ef::tokenizers
