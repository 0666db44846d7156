#pragma once
#include "models/family.h"

namespace ef {
Family qwen2_moe_family();
}  // namespace ef
