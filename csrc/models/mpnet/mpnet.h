#pragma once
#include "models/family.h"
namespace ef {
Family mpnet_family();
}
