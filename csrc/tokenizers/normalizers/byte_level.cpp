// Writes every byte as a printable character.
#include "tokenizers/byte_alphabet.h"
#include "tokenizers/normalizers/normalizer.h"

namespace ef::tokenizers {
namespace {

class ByteLevel : public Normalizer {
 public:
  void normalize(NormalizedString& text) const override {
    if (!text.text().empty()) spell_as_bytes(text);
  }
  Json to_json() const override { return {{"type", "ByteLevel"}}; }
};

}  // namespace

NormalizerPtr read_byte_level_normalizer(const Json&) { return std::make_shared<ByteLevel>(); }

}  // namespace ef::tokenizers
