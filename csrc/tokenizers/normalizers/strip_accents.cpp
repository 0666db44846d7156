// Removes combining marks; meant to follow NFD.
#include "tokenizers/normalizers/normalizer.h"
#include "tokenizers/unicode.h"

namespace ef::tokenizers {
namespace {

class StripAccents : public Normalizer {
 public:
  void normalize(NormalizedString& text) const override {
    text.filter([](char32_t c) { return !is_combining_mark(c); });
  }
  Json to_json() const override { return {{"type", "StripAccents"}}; }
};

}  // namespace

NormalizerPtr read_strip_accents(const Json&) { return std::make_shared<StripAccents>(); }

}  // namespace ef::tokenizers
