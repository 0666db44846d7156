#pragma once
#include "models/common/encoder.h"
namespace ef {
// For families that differ from RoBERTa in name alone.
EncoderConfig read_roberta(const ConfigReader& config);
Family roberta_family();
}  // namespace ef
