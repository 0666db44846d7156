#include "tokenizers/models/bpe.h"

namespace ef::tokenizers {

const Registry<ModelFactory>& model_registry() {
  static const auto registry = [] {
    Registry<ModelFactory> r("model");
    r.add("BPE", read_bpe);
    return r;
  }();
  return registry;
}

}  // namespace ef::tokenizers
