// Rows of a table by id.
#pragma once
#include "tensor/tensor.h"

namespace ef {

// table [V, D], ids (int64 or int32) of any shape → ids.shape + [D]. IndexError "index out of range in self".
// The gradient of row padding_idx stays zero.
Tensor embedding(const Tensor& table, const Tensor& ids, int64_t padding_idx = -1);
Tensor one_hot(const Tensor& ids, int64_t classes = -1);

}  // namespace ef
