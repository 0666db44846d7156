#pragma once
#include "models/family.h"

namespace ef {
Family deepseek_v3_family();
}  // namespace ef
