// Several pre-tokenizers, one after the other.
#include <algorithm>

#include "tokenizers/pre_tokenizers/pre_tokenizer.h"

namespace ef::tokenizers {
namespace {

class Sequence : public PreTokenizer {
 public:
  explicit Sequence(std::vector<PreTokenizerPtr> parts) : parts_(std::move(parts)) {}
  explicit Sequence(const Json& json) {
    for (const Json& part : get_array(json, "pretokenizers", "Sequence")) {
      parts_.push_back(pre_tokenizer_from_json(part));
      check<TokenizerError>(parts_.back() != nullptr, "Sequence: a pre-tokenizer is null");
    }
  }
  void pre_tokenize(PreTokenizedString& text) const override {
    for (auto& part : parts_) part->pre_tokenize(text);
  }
  bool add_to(Cuts& cuts) const override {
    return std::all_of(parts_.begin(), parts_.end(), [&](auto& part) { return part->add_to(cuts); });
  }
  bool needs_source() const override {
    return std::any_of(parts_.begin(), parts_.end(), [](auto& part) { return part->needs_source(); });
  }
  Json to_json() const override {
    Json parts = Json::array();
    for (auto& part : parts_) parts.push_back(part->to_json());
    return {{"type", "Sequence"}, {"pretokenizers", std::move(parts)}};
  }
  const std::vector<PreTokenizerPtr>* parts() const override { return &parts_; }

 private:
  std::vector<PreTokenizerPtr> parts_;
};

}  // namespace

PreTokenizerPtr read_pre_tokenizer_sequence(const Json& json) { return std::make_shared<Sequence>(json); }

PreTokenizerPtr make_pre_tokenizer_sequence(std::vector<PreTokenizerPtr> parts) {
  return std::make_shared<Sequence>(std::move(parts));
}

}  // namespace ef::tokenizers
