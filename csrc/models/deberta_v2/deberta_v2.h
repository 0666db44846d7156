#pragma once
#include "models/common/encoder.h"
namespace ef {
// What DeBERTa and its second version read the same way.
EncoderConfig read_deberta(const ConfigReader& config, const std::string& name);
Family deberta_v2_family();
}  // namespace ef
