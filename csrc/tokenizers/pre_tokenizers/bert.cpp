// Splits at white space, and punctuation off.
#include "tokenizers/pre_tokenizers/cut_by_kind.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/unicode.h"

namespace ef::tokenizers {
namespace {

Kind kind_of(const char* p, int& length) {
  if (uint8_t(*p) < 0x80) {
    const uint8_t c = class_at(p, length);
    return c & kSpace ? Kind::Dropped : c & (kPunctuation | kSymbol) ? Kind::Alone : Kind::Run;
  }
  const char32_t c = utf8::decode(p, length);
  return is_white_space(c) ? Kind::Dropped : is_punctuation(c) ? Kind::Alone : Kind::Run;
}

class BertPreTokenizer : public PreTokenizer {
 public:
  void pre_tokenize(PreTokenizedString& text) const override { text.cut(cut_by_kind<kind_of>); }
  bool add_to(Cuts& cuts) const override { return cuts.then_cut(cut_by_kind<kind_of>); }
  Json to_json() const override { return {{"type", "BertPreTokenizer"}}; }
};

}  // namespace

PreTokenizerPtr read_bert_pre_tokenizer(const Json&) { return std::make_shared<BertPreTokenizer>(); }

}  // namespace ef::tokenizers
