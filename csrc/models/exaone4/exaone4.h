#pragma once
#include "models/family.h"

namespace ef {
Family exaone4_family();
}
