// Puts a text in front of every text that is not empty.
#include "tokenizers/mark.h"
#include "tokenizers/normalizers/normalizer.h"

namespace ef::tokenizers {
namespace {

class Prepend : public Normalizer {
 public:
  explicit Prepend(const Json& json) : prepend_(get_string(json, "prepend", "Prepend")) {}
  void normalize(NormalizedString& text) const override { text.prepend(prepend_); }
  Marks marks() const override { return prepend_ == kMark ? Marks::Front : Marks::None; }
  Json to_json() const override { return {{"type", "Prepend"}, {"prepend", prepend_}}; }

 private:
  std::string prepend_;
};

}  // namespace

NormalizerPtr read_prepend(const Json& json) { return std::make_shared<Prepend>(json); }

}  // namespace ef::tokenizers
