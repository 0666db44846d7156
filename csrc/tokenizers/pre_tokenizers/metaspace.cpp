// Blanks become a visible character, which starts a new word.
#include "tokenizers/metaspace.h"

#include "tokenizers/pattern.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

class Metaspace : public PreTokenizer {
 public:
  explicit Metaspace(const Json& json)
      : options_(MetaspaceOptions::from_json(json)),
        mark_(utf8::encode(options_.replacement)),
        blank_(Pattern::literal(" ")),
        pattern_(Pattern::literal(mark_)) {}

  void pre_tokenize(PreTokenizedString& text) const override {
    using Prepend = MetaspaceOptions::Prepend;
    text.normalize([&](NormalizedString& s) {
      s.replace(blank_, mark_);
      const bool wanted =
          options_.prepend == Prepend::Always || (options_.prepend == Prepend::First && s.source().begin == 0);
      if (wanted && !s.text().starts_with(mark_)) s.prepend(mark_);
    });
    if (options_.split)
      text.split(pattern_, SplitBehavior::MergedWithNext);
    else
      text.drop_empty();
  }
  Json to_json() const override { return options_.to_json(); }

 private:
  MetaspaceOptions options_;
  std::string mark_;
  Pattern blank_, pattern_;
};

}  // namespace

PreTokenizerPtr read_metaspace_pre_tokenizer(const Json& json) { return std::make_shared<Metaspace>(json); }

}  // namespace ef::tokenizers
