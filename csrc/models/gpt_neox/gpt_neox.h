#pragma once
#include "models/family.h"

namespace ef {
Family gpt_neox_family();
}
