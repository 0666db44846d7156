#pragma once
#include "models/family.h"

namespace ef {
Family mistral_family();
}
