#pragma once
#include "models/family.h"

namespace ef {
Family opt_family();
}
