// Splits at white space.
#include "tokenizers/pre_tokenizers/by_character.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/unicode.h"

namespace ef::tokenizers {
namespace {

class WhitespaceSplit : public PreTokenizer {
 public:
  void pre_tokenize(PreTokenizedString& text) const override {
    split_by_character(text, SplitBehavior::Removed, is_white_space);
  }
  Json to_json() const override { return {{"type", "WhitespaceSplit"}}; }
};

}  // namespace

PreTokenizerPtr read_whitespace_split(const Json&) { return std::make_shared<WhitespaceSplit>(); }

}  // namespace ef::tokenizers
