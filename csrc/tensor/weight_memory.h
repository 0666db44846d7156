// Memory for what lives as long as its model.
#pragma once
#include "tensor/tensor.h"

namespace ef {

// `bytes` of uint8, not initialised: a piece of a block so large that huge pages back it. A block goes back to the
// system with its last piece. On 4 kB pages a decode step over matrices of half a megabyte takes 5 % longer.
Tensor weight_memory(size_t bytes);

}  // namespace ef
