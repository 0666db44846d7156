// Contrastive search: of the likeliest tokens the one whose state resembles the states so far least.
#pragma once
#include "generation/generate.h"

namespace ef {

// Su et al., "A Contrastive Framework for Neural Text Generation" (2022). `top_k` candidates, `penalty_alpha` the
// weight of the resemblance. With `low_memory` the candidates are run one after the other.
GenerateResult contrastive_search(PreTrainedModel& model, const GenerateRequest& request);

}  // namespace ef
