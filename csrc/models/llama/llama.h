#pragma once
#include "models/family.h"

namespace ef {
Family llama_family();
}
