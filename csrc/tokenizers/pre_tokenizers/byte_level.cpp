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
        use_regex_(get_bool(json, "use_regex", "ByteLevel", true)),
        pattern_(Pattern::regex(std::string(patterns::kGpt2))) {}

  void pre_tokenize(PreTokenizedString& text) const override {
    if (add_prefix_space_)
      text.normalize([](NormalizedString& s) {
        if (!s.text().starts_with(' ')) s.prepend(" ");
      });
    if (use_regex_)
      text.split(pattern_, SplitBehavior::Isolated);
    else
      text.drop_empty();
    text.rename_bytes();
  }
  Json to_json() const override {
    return {{"type", "ByteLevel"},
            {"add_prefix_space", add_prefix_space_},
            {"trim_offsets", trim_offsets_},
            {"use_regex", use_regex_}};
  }

 private:
  bool add_prefix_space_, trim_offsets_, use_regex_;
  Pattern pattern_;
};

}  // namespace

PreTokenizerPtr read_byte_level_pre_tokenizer(const Json& json) { return std::make_shared<ByteLevel>(json); }

}  // namespace ef::tokenizers
