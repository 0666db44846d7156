#pragma once
#include "models/family.h"

namespace ef {
Family mamba2_family();
}  // namespace ef
