#pragma once
#include "models/family.h"

namespace ef {
Family qwen3_moe_family();
}  // namespace ef
