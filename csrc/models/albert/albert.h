#pragma once
#include "models/family.h"
namespace ef {
Family albert_family();
}
