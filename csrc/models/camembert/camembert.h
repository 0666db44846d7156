#pragma once
#include "models/family.h"
namespace ef {
Family camembert_family();
}
