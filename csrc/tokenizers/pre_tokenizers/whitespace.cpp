// Runs of word characters and runs of others, without white space: \w+|[^\w\s]+
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/unicode.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

class Whitespace : public PreTokenizer {
 public:
  void pre_tokenize(PreTokenizedString& text) const override {
    const auto kind = [](char32_t c) { return is_word_character(c) ? 1 : is_white_space(c) ? 0 : 2; };
    text.split([&](std::string_view s, auto emit) {
      uint32_t begin = 0, at = 0;
      int last = 0;
      for (auto it = utf8::chars(s).begin(); at < s.size(); ++it) {
        const int now = kind(*it);
        if (now != last) {
          if (last) emit(begin, at);
          begin = at;
          last = now;
        }
        at += uint32_t(it.length);
      }
      if (last) emit(begin, at);
    });
  }
  Json to_json() const override { return {{"type", "Whitespace"}}; }
};

}  // namespace

PreTokenizerPtr read_whitespace(const Json&) { return std::make_shared<Whitespace>(); }

}  // namespace ef::tokenizers
