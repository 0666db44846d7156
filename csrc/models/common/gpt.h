// What GPT-2, GPT-J and GPT-Neo read the same way.
#pragma once
#include "models/common/decoder.h"

namespace ef {

// The configuration with the names that read_decoder knows and the default width of the MLP; `names`: old to new.
ConfigReader gpt_config(const ConfigReader& raw, std::initializer_list<std::pair<const char*, const char*>> names);
// ... with the n_embd, n_layer, … of GPT-2 and GPT-J.
ConfigReader gpt2_config(const ConfigReader& raw);
// Names of modules, LayerNorm, a plain MLP, no rotary positions; families add the rest.
DecoderConfig read_gpt(const ConfigReader& config);

}  // namespace ef
