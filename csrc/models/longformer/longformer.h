#pragma once
#include "models/family.h"

namespace ef {
Family longformer_family();
}
