// NFC, NFD, NFKC, NFKD.
#include "tokenizers/normal_forms.h"
#include "tokenizers/normalizers/normalizer.h"

namespace ef::tokenizers {
namespace {

class UnicodeForm : public Normalizer {
 public:
  UnicodeForm(NormalForm form, const char* type) : form_(form), type_(type) {}
  void normalize(NormalizedString& text) const override { apply_normal_form(text, form_); }
  Json to_json() const override { return {{"type", type_}}; }

 private:
  NormalForm form_;
  const char* type_;
};

}  // namespace

NormalizerPtr read_nfc(const Json&) { return std::make_shared<UnicodeForm>(NormalForm::C, "NFC"); }
NormalizerPtr read_nfd(const Json&) { return std::make_shared<UnicodeForm>(NormalForm::D, "NFD"); }
NormalizerPtr read_nfkc(const Json&) { return std::make_shared<UnicodeForm>(NormalForm::KC, "NFKC"); }
NormalizerPtr read_nfkd(const Json&) { return std::make_shared<UnicodeForm>(NormalForm::KD, "NFKD"); }

}  // namespace ef::tokenizers
