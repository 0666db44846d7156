// Runs of word characters and runs of others, without white space: \w+|[^\w\s]+
#include "tokenizers/pre_tokenizers/cut_by_kind.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/unicode.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

Kind kind_of(const char* p, int& length) {
  if (uint8_t(*p) < 0x80) {
    const uint8_t c = class_at(p, length);
    return c & kSpace ? Kind::Dropped : c & (kLetter | kNumber) || *p == '_' ? Kind::Run : Kind::OtherRun;
  }
  const char32_t c = utf8::decode(p, length);
  return is_word_character(c) ? Kind::Run : is_white_space(c) ? Kind::Dropped : Kind::OtherRun;
}

class Whitespace : public PreTokenizer {
 public:
  void pre_tokenize(PreTokenizedString& text) const override { text.cut(cut_by_kind<kind_of>); }
  bool add_to(Cuts& cuts) const override { return cuts.then_cut(cut_by_kind<kind_of>); }
  Json to_json() const override { return {{"type", "Whitespace"}}; }
};

}  // namespace

PreTokenizerPtr read_whitespace(const Json&) { return std::make_shared<Whitespace>(); }

}  // namespace ef::tokenizers
