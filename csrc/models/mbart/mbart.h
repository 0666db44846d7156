#pragma once
#include "models/family.h"

namespace ef {
Family mbart_family();
}  // namespace ef
