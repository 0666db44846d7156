// UMT5: mT5 with distances in every layer.
#include "models/umt5/umt5.h"

#include <cmath>

#include "models/common/t5.h"

namespace ef {

Family umt5_family() {
  return seq2seq_family(
      "umt5",
      [](const ConfigReader& c) {
        Seq2SeqConfig s = read_t5(c, true);
        if (c.flag("tie_word_embeddings", true)) s.logit_scale = 1 / std::sqrt(double(s.decoder.hidden_size));
        return s;
      },
      t5_gguf());
}

}  // namespace ef
