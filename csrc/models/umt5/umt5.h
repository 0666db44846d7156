#pragma once
#include "models/family.h"

namespace ef {
Family umt5_family();
}  // namespace ef
