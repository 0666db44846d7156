// mT5: T5 1.1 over 101 languages.
#include "models/mt5/mt5.h"

#include "models/common/t5.h"

namespace ef {

Family mt5_family() {
  return seq2seq_family(
      "mt5", [](const ConfigReader& c) { return read_t5(c); }, t5_gguf());
}

}  // namespace ef
