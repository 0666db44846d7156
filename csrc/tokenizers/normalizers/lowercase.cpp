// Lower case, character by character.
#include "tokenizers/normalizers/normalizer.h"

namespace ef::tokenizers {
namespace {

class Lowercase : public Normalizer {
 public:
  void normalize(NormalizedString& text) const override { text.lowercase(); }
  Json to_json() const override { return {{"type", "Lowercase"}}; }
};

}  // namespace

NormalizerPtr read_lowercase(const Json&) { return std::make_shared<Lowercase>(); }

}  // namespace ef::tokenizers
