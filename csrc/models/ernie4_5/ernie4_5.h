#pragma once
#include "models/family.h"

namespace ef {
Family ernie4_5_family();
}
