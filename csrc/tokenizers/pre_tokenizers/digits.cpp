// Splits numbers off, as wholes or digit by digit.
#include "tokenizers/pre_tokenizers/by_character.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/unicode.h"

namespace ef::tokenizers {
namespace {

class Digits : public PreTokenizer {
 public:
  explicit Digits(const Json& json) : individual_(get_bool(json, "individual_digits", "Digits")) {}
  void pre_tokenize(PreTokenizedString& text) const override {
    split_by_character(text, individual_ ? SplitBehavior::Isolated : SplitBehavior::Contiguous, is_numeric);
  }
  Json to_json() const override { return {{"type", "Digits"}, {"individual_digits", individual_}}; }

 private:
  bool individual_;
};

}  // namespace

PreTokenizerPtr read_digits(const Json& json) { return std::make_shared<Digits>(json); }

}  // namespace ef::tokenizers
