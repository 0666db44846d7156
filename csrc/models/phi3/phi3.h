#pragma once
#include "models/family.h"

namespace ef {
Family phi3_family();
}
