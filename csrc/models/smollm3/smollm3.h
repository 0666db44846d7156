#pragma once
#include "models/family.h"

namespace ef {
Family smollm3_family();
}
