#pragma once
#include "models/family.h"

namespace ef {
Family pegasus_family();
}  // namespace ef
