#pragma once
#include "models/family.h"

namespace ef {
Family mamba_family();
}  // namespace ef
