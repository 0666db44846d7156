#pragma once
#include "models/family.h"

namespace ef {
Family olmo2_family();
}
