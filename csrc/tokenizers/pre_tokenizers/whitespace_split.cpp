// Splits at white space.
#include "tokenizers/pre_tokenizers/cut_by_kind.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/unicode.h"

namespace ef::tokenizers {
namespace {

Kind space_or_not(const char* p, int& length) { return class_at(p, length) & kSpace ? Kind::Dropped : Kind::Run; }

class WhitespaceSplit : public PreTokenizer {
 public:
  void pre_tokenize(PreTokenizedString& text) const override { text.cut(cut_at_white_space); }
  bool add_to(Cuts& cuts) const override { return cuts.then_cut(cut_at_white_space); }
  Json to_json() const override { return {{"type", "WhitespaceSplit"}}; }
};

}  // namespace

const char* cut_at_white_space(const char* base, const char* at, const char* end, Span*& out, Span* limit) {
  return cut_by_kind<space_or_not>(base, at, end, out, limit);
}

PreTokenizerPtr read_whitespace_split(const Json&) { return std::make_shared<WhitespaceSplit>(); }

}  // namespace ef::tokenizers
