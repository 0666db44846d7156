#pragma once
#include "models/family.h"

namespace ef {
Family falcon_family();
}
