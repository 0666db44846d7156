#pragma once
#include "models/family.h"

namespace ef {
Family lfm2_family();
}  // namespace ef
