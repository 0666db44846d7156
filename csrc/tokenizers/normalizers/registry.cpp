#include "tokenizers/normalizers/normalizer.h"

namespace ef::tokenizers {

NormalizerPtr read_bert_normalizer(const Json&);
NormalizerPtr read_byte_level_normalizer(const Json&);
NormalizerPtr read_lowercase(const Json&);
NormalizerPtr read_nfc(const Json&);
NormalizerPtr read_nfd(const Json&);
NormalizerPtr read_nfkc(const Json&);
NormalizerPtr read_nfkd(const Json&);
NormalizerPtr read_nmt(const Json&);
NormalizerPtr read_normalizer_sequence(const Json&);
NormalizerPtr read_precompiled(const Json&);
NormalizerPtr read_prepend(const Json&);
NormalizerPtr read_replace_normalizer(const Json&);
NormalizerPtr read_strip(const Json&);
NormalizerPtr read_strip_accents(const Json&);

const Registry<NormalizerFactory>& normalizer_registry() {
  static const auto registry = [] {
    Registry<NormalizerFactory> r("normalizer");
    r.add("BertNormalizer", read_bert_normalizer);
    r.add("ByteLevel", read_byte_level_normalizer);
    r.add("Lowercase", read_lowercase);
    r.add("NFC", read_nfc);
    r.add("NFD", read_nfd);
    r.add("NFKC", read_nfkc);
    r.add("NFKD", read_nfkd);
    r.add("Nmt", read_nmt);
    r.add("Precompiled", read_precompiled);
    r.add("Prepend", read_prepend);
    r.add("Replace", read_replace_normalizer);
    r.add("Sequence", read_normalizer_sequence);
    r.add("Strip", read_strip);
    r.add("StripAccents", read_strip_accents);
    return r;
  }();
  return registry;
}

}  // namespace ef::tokenizers
