#include "tokenizers/models/bpe.h"
#include "tokenizers/models/simple.h"

namespace ef::tokenizers {

const Registry<ModelFactory>& model_registry() {
  static const auto registry = [] {
    Registry<ModelFactory> r("model");
    r.add("BPE", read_bpe);
    r.add("Unigram", read_unigram);
    r.add("WordLevel", read_word_level);
    r.add("WordPiece", read_word_piece);
    return r;
  }();
  return registry;
}

}  // namespace ef::tokenizers
