#pragma once
#include "models/family.h"

namespace ef {
Family gptj_family();
}
