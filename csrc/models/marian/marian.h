#pragma once
#include "models/family.h"

namespace ef {
Family marian_family();
}  // namespace ef
