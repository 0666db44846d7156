#pragma once
#include "models/family.h"

namespace ef {
Family gemma2_family();
}
