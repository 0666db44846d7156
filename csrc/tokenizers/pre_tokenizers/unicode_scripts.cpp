// Splits where the script changes. Characters of no script, such as blanks, go with what stands before them.
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/unicode.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

class UnicodeScripts : public PreTokenizer {
 public:
  void pre_tokenize(PreTokenizedString& text) const override {
    text.split([](std::string_view s, auto emit) {
      // As in the library, characters of no script at the very beginning belong to no piece.
      constexpr int kAny = 0, kNothingYet = -1;
      int last = kNothingYet;
      uint32_t begin = 0, at = 0;
      for (auto it = utf8::chars(s).begin(); at < s.size(); ++it) {
        const int script = script_of(*it);
        if (script != kAny && script != last) {
          if (last != kNothingYet) emit(begin, at);
          begin = at;
          last = script;
        }
        at += uint32_t(it.length);
      }
      if (last != kNothingYet) emit(begin, at);
    });
  }
  Json to_json() const override { return {{"type", "UnicodeScripts"}}; }
};

}  // namespace

PreTokenizerPtr read_unicode_scripts(const Json&) { return std::make_shared<UnicodeScripts>(); }

}  // namespace ef::tokenizers
