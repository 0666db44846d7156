#pragma once
#include "models/family.h"

namespace ef {
Family cohere_family();
}
