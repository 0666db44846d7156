#pragma once
#include "models/family.h"

namespace ef {
Family mt5_family();
}  // namespace ef
