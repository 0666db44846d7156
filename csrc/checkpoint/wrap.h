#pragma once
#include "io/tensor_info.h"
#include "tensor/tensor.h"

namespace ef {

// The tensor a file describes, over the file's own bytes where they are aligned.
Tensor wrap(const TensorInfo& info);

}  // namespace ef
