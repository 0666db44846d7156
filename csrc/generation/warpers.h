// The processors that shape a distribution before sampling: temperature, top-k, top-p and their kin.
#pragma once
#include "generation/logits_process.h"

namespace ef {

void add_warpers(const GenerationOptions& options, std::vector<LogitsProcessorPtr>& out);
LogitsProcessorPtr log_softmax_processor();

}  // namespace ef
