// Removes control characters and unifies blanks, by the "nmt" rules of SentencePiece.
#include "tokenizers/normalizers/normalizer.h"

namespace ef::tokenizers {
namespace {

class Nmt : public Normalizer {
 public:
  void normalize(NormalizedString& text) const override {
    text.filter([](char32_t c) {
      return !((c >= 1 && c <= 8) || c == 0xb || (c >= 0xe && c <= 0x1f) || c == 0x7f || c == 0x8f || c == 0x9f);
    });
    text.map([](char32_t c) -> char32_t {
      const bool blank = c == 9 || c == 10 || c == 12 || c == 13 || c == 0x1680 || (c >= 0x200b && c <= 0x200f) ||
                         c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xfeff || c == 0xfffd;
      return blank ? U' ' : c;
    });
  }
  Json to_json() const override { return {{"type", "Nmt"}}; }
};

}  // namespace

NormalizerPtr read_nmt(const Json&) { return std::make_shared<Nmt>(); }

}  // namespace ef::tokenizers
