// Replaces all matches of a pattern.
#include "tokenizers/mark.h"
#include "tokenizers/normalizers/normalizer.h"
#include "tokenizers/pattern.h"

namespace ef::tokenizers {
namespace {

class Replace : public Normalizer {
 public:
  explicit Replace(const Json& json)
      : pattern_(Pattern::from_json(require(json, "pattern", "Replace"), "Replace")),
        content_(get_string(json, "content", "Replace")) {}
  void normalize(NormalizedString& text) const override { text.replace(pattern_, content_); }
  Marks marks() const override {
    return !pattern_.is_regex() && pattern_.source() == " " && content_ == kMark ? Marks::Blanks : Marks::None;
  }
  Json to_json() const override {
    return {{"type", "Replace"}, {"pattern", pattern_.to_json()}, {"content", content_}};
  }

 private:
  Pattern pattern_;
  std::string content_;
};

}  // namespace

NormalizerPtr read_replace_normalizer(const Json& json) { return std::make_shared<Replace>(json); }

}  // namespace ef::tokenizers
