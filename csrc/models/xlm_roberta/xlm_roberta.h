#pragma once
#include "models/family.h"
namespace ef {
Family xlm_roberta_family();
}
