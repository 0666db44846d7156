#pragma once
#include "models/family.h"

namespace ef {
Family qwen2_family();
}
