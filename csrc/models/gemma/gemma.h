#pragma once
#include "models/common/decoder.h"

namespace ef {
Family gemma_family();

// What all Gemma models share: gains stored less one, embeddings times √hidden_size, a GELU gate.
DecoderConfig read_gemma(const ConfigReader& config);
// From Gemma 2 on: norms on both sides of attention and MLP, softcaps, a scale of its own, windows on some layers.
// Without `layer_types`, all layers but every `pattern`th have a window.
DecoderConfig read_gemma2(const ConfigReader& config, int64_t pattern);
void refuse_bidirectional(const ConfigReader& config);
}  // namespace ef
