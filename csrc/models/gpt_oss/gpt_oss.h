#pragma once
#include "models/family.h"

namespace ef {
Family gpt_oss_family();
}  // namespace ef
