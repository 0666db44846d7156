// Removes white space at the ends.
#include "tokenizers/normalizers/normalizer.h"

namespace ef::tokenizers {
namespace {

class Strip : public Normalizer {
 public:
  explicit Strip(const Json& json)
      : left_(get_bool(json, "strip_left", "Strip")), right_(get_bool(json, "strip_right", "Strip")) {}
  void normalize(NormalizedString& text) const override { text.strip(left_, right_); }
  Json to_json() const override { return {{"type", "Strip"}, {"strip_left", left_}, {"strip_right", right_}}; }

 private:
  bool left_, right_;
};

}  // namespace

NormalizerPtr read_strip(const Json& json) { return std::make_shared<Strip>(json); }

}  // namespace ef::tokenizers
