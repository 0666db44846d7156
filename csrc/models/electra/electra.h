#pragma once
#include "models/family.h"
namespace ef {
Family electra_family();
}
