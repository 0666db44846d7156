#pragma once
#include "models/family.h"
namespace ef {
Family nomic_bert_family();
}
