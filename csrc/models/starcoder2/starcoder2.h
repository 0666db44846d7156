#pragma once
#include "models/family.h"

namespace ef {
Family starcoder2_family();
}
