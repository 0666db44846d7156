// Splits into pieces of a number of characters.
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

class FixedLength : public PreTokenizer {
 public:
  explicit FixedLength(const Json& json)
      : length_(has(json, "length") ? get_unsigned(json, "length", "FixedLength", UINT64_MAX) : 5) {}
  void pre_tokenize(PreTokenizedString& text) const override {
    if (length_ == 0) return;
    text.split([&](std::string_view s, auto emit) {
      uint32_t begin = 0, at = 0, count = 0;
      for (auto it = utf8::chars(s).begin(); at < s.size(); ++it) {
        if (count == length_) emit(begin, at), begin = at, count = 0;
        at += uint32_t(it.length);
        count++;
      }
      emit(begin, at);
    });
  }
  Json to_json() const override { return {{"type", "FixedLength"}, {"length", length_}}; }

 private:
  uint64_t length_;
};

}  // namespace

PreTokenizerPtr read_fixed_length(const Json& json) { return std::make_shared<FixedLength>(json); }

}  // namespace ef::tokenizers
