#pragma once
#include "models/family.h"

namespace ef {
GgufTable bert_gguf();  // of RoBERTa and its kind, too
Family bert_family();
}  // namespace ef
