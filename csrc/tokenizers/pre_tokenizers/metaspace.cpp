// Blanks become a visible character, which starts a new word.
#include "tokenizers/metaspace.h"

#include "tokenizers/find_byte.h"
#include "tokenizers/mark.h"
#include "tokenizers/pattern.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

// Every blank begins a word. (Empty words before a blank are none, so this is MergedWithNext.)
const char* cut_before_blanks(const char* base, const char* at, const char* end, Span*& out, Span* limit) {
  while (at < end && limit - out >= 2) {
    const char* begin = at++;
    at = find_byte(at, end, ' ');
    *out++ = {uint32_t(begin - base), uint32_t(at - base)};
  }
  return at;
}

class Metaspace : public PreTokenizer {
 public:
  explicit Metaspace(const Json& json)
      : options_(MetaspaceOptions::from_json(json)),
        mark_(utf8::encode(options_.replacement)),
        blank_(Pattern::literal(" ")),
        pattern_(Pattern::literal(mark_)) {}

  void pre_tokenize(PreTokenizedString& text) const override {
    text.normalize([&](NormalizedString& s) {
      s.replace(blank_, mark_);
      begin_with(s, mark_);
    });
    if (options_.split)
      text.split(pattern_, SplitBehavior::MergedWithNext);
    else
      text.drop_empty();
  }
  bool add_to(Cuts& cuts) const override {
    if (mark_ != kMark) return false;
    // Words between white space, each of which gets a mark, are one text with a blank for each mark.
    const bool words = options_.prepend == MetaspaceOptions::Prepend::Always && options_.split &&
                       cuts.cutters == std::vector<Cutter>{cut_at_white_space};
    if (words) cuts.cutters.clear();
    const bool rewritten = words ? cuts.then_rewrite([](NormalizedString& s) { s.separate(cut_at_white_space, kMark); })
                                 : cuts.then_rewrite([this](NormalizedString& s) {
                                     marks_to_blanks(s);
                                     begin_with(s, " ");
                                   });
    if (!rewritten) return false;
    if (options_.split) cuts.then_cut(cut_before_blanks);
    cuts.spelling = Spelling::Blanks;
    return true;
  }
  bool needs_source() const override { return options_.prepend == MetaspaceOptions::Prepend::First; }
  Json to_json() const override { return options_.to_json(); }

 private:
  void begin_with(NormalizedString& s, std::string_view mark) const {
    using Prepend = MetaspaceOptions::Prepend;
    const bool wanted =
        options_.prepend == Prepend::Always || (options_.prepend == Prepend::First && s.source().begin == 0);
    if (wanted && !s.text().starts_with(mark)) s.prepend(mark);
  }
  MetaspaceOptions options_;
  std::string mark_;
  Pattern blank_, pattern_;
};

}  // namespace

PreTokenizerPtr read_metaspace_pre_tokenizer(const Json& json) { return std::make_shared<Metaspace>(json); }

}  // namespace ef::tokenizers
