#pragma once
#include "models/family.h"

namespace ef {
Family mixtral_family();
}  // namespace ef
