#pragma once
#include "models/family.h"

namespace ef {
Family gpt2_family();
}
