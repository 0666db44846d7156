#pragma once
#include "models/family.h"

namespace ef {
Family qwen3_next_family();
}  // namespace ef
