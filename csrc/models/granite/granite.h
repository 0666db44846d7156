#pragma once
#include "models/family.h"

namespace ef {
Family granite_family();
}
