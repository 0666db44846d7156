// The layers that BART, mBART, Marian, Pegasus and M2M100 share: norms before or behind the residuals, biases
// everywhere, a plain MLP in the layer itself.
#pragma once
#include "models/common/seq2seq.h"

namespace ef {

// Sizes and names from their common config.json; norms behind the residuals unless `norm_first`.
Seq2SeqConfig read_bart(const ConfigReader& config, bool norm_first);

}  // namespace ef
