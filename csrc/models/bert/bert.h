#pragma once
#include "models/family.h"

namespace ef {
Family bert_family();
}
