#pragma once
#include "models/family.h"
namespace ef {
Family modernbert_family();
}
