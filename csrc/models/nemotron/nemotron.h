#pragma once
#include "models/family.h"

namespace ef {
Family nemotron_family();
}
