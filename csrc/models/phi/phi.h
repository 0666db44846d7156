#pragma once
#include "models/family.h"

namespace ef {
Family phi_family();
}
