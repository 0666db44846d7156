// Splits at one character.
#include "tokenizers/pre_tokenizers/by_character.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"

namespace ef::tokenizers {
namespace {

class CharDelimiterSplit : public PreTokenizer {
 public:
  explicit CharDelimiterSplit(const Json& json) : delimiter_(get_char(json, "delimiter", "CharDelimiterSplit")) {}
  void pre_tokenize(PreTokenizedString& text) const override {
    split_by_character(text, SplitBehavior::Removed, [&](char32_t c) { return c == delimiter_; });
  }
  Json to_json() const override { return {{"type", "CharDelimiterSplit"}, {"delimiter", utf8::encode(delimiter_)}}; }

 private:
  char32_t delimiter_;
};

}  // namespace

PreTokenizerPtr read_char_delimiter_split(const Json& json) { return std::make_shared<CharDelimiterSplit>(json); }

}  // namespace ef::tokenizers
