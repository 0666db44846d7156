#pragma once
#include "models/family.h"

namespace ef {
Family stablelm_family();
}
