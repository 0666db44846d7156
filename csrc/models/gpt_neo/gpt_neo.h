#pragma once
#include "models/family.h"

namespace ef {
Family gpt_neo_family();
}
