// Several normalizers, one after the other.
#include <algorithm>

#include "tokenizers/normalizers/normalizer.h"

namespace ef::tokenizers {
namespace {

class Sequence : public Normalizer {
 public:
  explicit Sequence(std::vector<NormalizerPtr> parts) : parts_(std::move(parts)) {}
  explicit Sequence(const Json& json) {
    for (const Json& part : get_array(json, "normalizers", "Sequence")) {
      parts_.push_back(normalizer_from_json(part));
      check<TokenizerError>(parts_.back() != nullptr, "Sequence: a normalizer is null");
    }
  }
  void normalize(NormalizedString& text) const override {
    for (auto& part : parts_) part->normalize(text);
  }
  bool needs_source() const override {
    return std::any_of(parts_.begin(), parts_.end(), [](auto& part) { return part->needs_source(); });
  }
  Json to_json() const override {
    Json parts = Json::array();
    for (auto& part : parts_) parts.push_back(part->to_json());
    return {{"type", "Sequence"}, {"normalizers", std::move(parts)}};
  }
  const std::vector<NormalizerPtr>* parts() const override { return &parts_; }

 private:
  std::vector<NormalizerPtr> parts_;
};

}  // namespace

NormalizerPtr read_normalizer_sequence(const Json& json) { return std::make_shared<Sequence>(json); }

NormalizerPtr make_normalizer_sequence(std::vector<NormalizerPtr> parts) {
  return std::make_shared<Sequence>(std::move(parts));
}

}  // namespace ef::tokenizers
