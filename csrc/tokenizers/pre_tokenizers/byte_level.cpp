// Splits as GPT-2 does and writes every byte as a printable character.
#include "tokenizers/byte_alphabet.h"
#include "tokenizers/pattern.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"

namespace ef::tokenizers {
namespace {

class ByteLevel : public PreTokenizer {
 public:
  explicit ByteLevel(const Json& json)
      : add_prefix_space_(get_bool(json, "add_prefix_space", "ByteLevel")),
        trim_offsets_(get_bool(json, "trim_offsets", "ByteLevel")),
        use_regex_(!has(json, "use_regex") || get_bool(json, "use_regex", "ByteLevel")),
        pattern_(Pattern::regex(std::string(patterns::kGpt2))) {}

  void pre_tokenize(PreTokenizedString& text) const override {
    if (add_prefix_space_) text.normalize(add_prefix_space);
    if (use_regex_)
      text.split(pattern_, SplitBehavior::Isolated);
    else
      text.drop_empty();
    text.rename_bytes();
  }
  bool add_to(Cuts& cuts) const override {
    if (cuts.spelling != Spelling::Vocabulary || (add_prefix_space_ && !cuts.then_rewrite(add_prefix_space)) ||
        (use_regex_ && !cuts.then_cut(pattern_.isolated())))
      return false;
    cuts.spelling = Spelling::Bytes;
    return true;
  }
  Json to_json() const override {
    return {{"type", "ByteLevel"},
            {"add_prefix_space", add_prefix_space_},
            {"trim_offsets", trim_offsets_},
            {"use_regex", use_regex_}};
  }

 private:
  static void add_prefix_space(NormalizedString& s) {
    if (!s.text().starts_with(' ')) s.prepend(" ");
  }
  bool add_prefix_space_, trim_offsets_, use_regex_;
  Pattern pattern_;
};

}  // namespace

PreTokenizerPtr read_byte_level_pre_tokenizer(const Json& json) { return std::make_shared<ByteLevel>(json); }

}  // namespace ef::tokenizers
