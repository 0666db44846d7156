#pragma once
#include "models/family.h"
namespace ef {
Family deberta_family();
}
