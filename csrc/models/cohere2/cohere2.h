#pragma once
#include "models/family.h"

namespace ef {
Family cohere2_family();
}
