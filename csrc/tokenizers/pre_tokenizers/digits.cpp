// Splits numbers off, as wholes or digit by digit.
#include "tokenizers/pre_tokenizers/cut_by_kind.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/unicode.h"

namespace ef::tokenizers {
namespace {

template <Kind kDigit>
Kind kind_of(const char* p, int& length) {
  return is_numeric(utf8::decode(p, length)) ? kDigit : Kind::Run;
}

class Digits : public PreTokenizer {
 public:
  explicit Digits(const Json& json)
      : individual_(get_bool(json, "individual_digits", "Digits")),
        cutter_(individual_ ? cut_by_kind<kind_of<Kind::Alone>> : cut_by_kind<kind_of<Kind::OtherRun>>) {}
  void pre_tokenize(PreTokenizedString& text) const override { text.cut(cutter_); }
  bool add_to(Cuts& cuts) const override { return cuts.then_cut(cutter_); }
  Json to_json() const override { return {{"type", "Digits"}, {"individual_digits", individual_}}; }

 private:
  bool individual_;
  Cutter cutter_;
};

}  // namespace

PreTokenizerPtr read_digits(const Json& json) { return std::make_shared<Digits>(json); }

}  // namespace ef::tokenizers
