#pragma once
#include "models/family.h"

namespace ef {
Family gemma3_text_family();
}
