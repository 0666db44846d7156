// Beam search: several sequences a prompt are carried on, the most likely of all their continuations kept.
#pragma once
#include "generation/generate.h"

namespace ef {

// The best `num_return_sequences` of `num_beams` for each prompt, as transformers finds them; with do_sample,
// continuations are drawn, none twice, instead of taken from the top.
GenerateResult beam_search(PreTrainedModel& model, const GenerateRequest& request);

}  // namespace ef
