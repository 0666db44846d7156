#pragma once
#include "models/common/encoder.h"

namespace ef {
Family tapas_family();
// Cells and an aggregation that answer a question about a table.
std::unique_ptr<Body> make_table_answer(Module& owner, const EncoderConfig& config, const ConfigReader& raw,
                                        std::shared_ptr<PreTrainedModel> base);
}  // namespace ef
