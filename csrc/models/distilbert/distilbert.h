#pragma once
#include "models/family.h"
namespace ef {
Family distilbert_family();
}
