// Splits punctuation off.
#include "tokenizers/pre_tokenizers/by_character.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/unicode.h"

namespace ef::tokenizers {
namespace {

class Punctuation : public PreTokenizer {
 public:
  explicit Punctuation(const Json& json)
      : behavior_(has(json, "behavior") ? split_behavior_from_json(json, "Punctuation") : SplitBehavior::Isolated) {}
  void pre_tokenize(PreTokenizedString& text) const override { split_by_character(text, behavior_, is_punctuation); }
  Json to_json() const override { return {{"type", "Punctuation"}, {"behavior", split_behavior_name(behavior_)}}; }

 private:
  SplitBehavior behavior_;
};

}  // namespace

PreTokenizerPtr read_punctuation(const Json& json) { return std::make_shared<Punctuation>(json); }

}  // namespace ef::tokenizers
