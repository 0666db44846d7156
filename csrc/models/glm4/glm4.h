#pragma once
#include "models/family.h"

namespace ef {
Family glm4_family();
}
