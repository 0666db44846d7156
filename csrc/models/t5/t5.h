#pragma once
#include "models/family.h"

namespace ef {
Family t5_family();
}  // namespace ef
