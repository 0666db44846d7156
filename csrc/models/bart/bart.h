#pragma once
#include "models/family.h"

namespace ef {
Family bart_family();
}  // namespace ef
