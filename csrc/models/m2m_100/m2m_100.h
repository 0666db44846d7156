#pragma once
#include "models/family.h"

namespace ef {
Family m2m_100_family();
}  // namespace ef
