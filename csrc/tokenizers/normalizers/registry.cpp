#include "tokenizers/normalizers/normalizer.h"

namespace ef::tokenizers {

NormalizerPtr read_normalizer_sequence(const Json&);

const Registry<NormalizerFactory>& normalizer_registry() {
  static const auto registry = [] {
    Registry<NormalizerFactory> r("normalizer");
    r.add("Sequence", read_normalizer_sequence);
    return r;
  }();
  return registry;
}

}  // namespace ef::tokenizers
