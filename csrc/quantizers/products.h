// What the products of this folder share.
#pragma once
#include "quantizers/weight.h"

namespace ef {

// The weight as the calling thread's mode wants it multiplied: under bf16 products, a dense f32 matrix rounded.
WeightPtr product_weight(const WeightPtr& weight);

}  // namespace ef
