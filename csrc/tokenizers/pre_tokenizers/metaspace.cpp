// Blanks become a visible character, which starts a new word.
#include "tokenizers/metaspace.h"

#include <cstring>

#include "tokenizers/pattern.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

constexpr std::string_view kUsualMark = "▁";

// Every mark begins a word. (Empty words before a mark are none, so this is MergedWithNext.)
const char* cut_before_marks(const char* base, const char* at, const char* end, Span*& out, Span* limit) {
  while (at < end && limit - out >= 2) {
    const char* begin = at++;
    for (;; at++) {
      at = static_cast<const char*>(std::memchr(at, kUsualMark[0], size_t(end - at)));
      if (!at) at = end;
      if (at == end || std::string_view(at, size_t(end - at)).starts_with(kUsualMark)) break;
    }
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
    text.normalize([&](NormalizedString& s) { rewrite(s); });
    if (options_.split)
      text.split(pattern_, SplitBehavior::MergedWithNext);
    else
      text.drop_empty();
  }
  bool add_to(Cuts& cuts) const override {
    if (mark_ != kUsualMark || !cuts.then_rewrite([this](NormalizedString& s) { rewrite(s); })) return false;
    cuts.rewrite_needs_source = options_.prepend == MetaspaceOptions::Prepend::First;
    return !options_.split || cuts.then_cut(cut_before_marks);
  }
  Json to_json() const override { return options_.to_json(); }

 private:
  void rewrite(NormalizedString& s) const {
    using Prepend = MetaspaceOptions::Prepend;
    s.replace(blank_, mark_);
    const bool wanted =
        options_.prepend == Prepend::Always || (options_.prepend == Prepend::First && s.source().begin == 0);
    if (wanted && !s.text().starts_with(mark_)) s.prepend(mark_);
  }
  MetaspaceOptions options_;
  std::string mark_;
  Pattern blank_, pattern_;
};

}  // namespace

PreTokenizerPtr read_metaspace_pre_tokenizer(const Json& json) { return std::make_shared<Metaspace>(json); }

}  // namespace ef::tokenizers
