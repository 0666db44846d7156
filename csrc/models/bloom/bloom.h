#pragma once
#include "models/family.h"

namespace ef {
Family bloom_family();
}
