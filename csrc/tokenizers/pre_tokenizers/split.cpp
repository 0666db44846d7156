// Splits at every match of a pattern.
#include "tokenizers/pattern.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"

namespace ef::tokenizers {
namespace {

class Split : public PreTokenizer {
 public:
  explicit Split(const Json& json)
      : pattern_(Pattern::from_json(require(json, "pattern", "Split"), "Split")),
        behavior_(split_behavior_from_json(json, "Split")),
        invert_(get_bool(json, "invert", "Split")) {}
  void pre_tokenize(PreTokenizedString& text) const override { text.split(pattern_, behavior_, invert_); }
  bool add_to(Cuts& cuts) const override {
    const bool none = !pattern_.is_regex() && pattern_.source().find(' ') != std::string::npos && !invert_;
    if (none && !cuts.has_blanks) return true;  // it finds nothing
    const Cutter cutter = behavior_ == SplitBehavior::Isolated ? pattern_.isolated() : nullptr;
    return cutter && cuts.then_cut(cutter);
  }
  Json to_json() const override {
    return {{"type", "Split"},
            {"pattern", pattern_.to_json()},
            {"behavior", split_behavior_name(behavior_)},
            {"invert", invert_}};
  }

 private:
  Pattern pattern_;
  SplitBehavior behavior_;
  bool invert_;
};

}  // namespace

PreTokenizerPtr read_split(const Json& json) { return std::make_shared<Split>(json); }

}  // namespace ef::tokenizers
