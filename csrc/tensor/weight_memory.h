// Memory for what lives as long as its model.
#pragma once
#include "tensor/tensor.h"

namespace ef {

// `bytes` of uint8, not initialised: a piece of a block that goes back to the system with its last piece.
//
// On 4 kB pages a decode step over matrices of half a megabyte takes 5 % longer than on huge ones; but in a virtual
// machine whose free memory was given back to the host a fresh huge page takes milliseconds, five times as long as the
// same bytes in small pages. So blocks begin as small pages, and `delay` seconds later, when the first token is out, a
// thread makes huge ones of them. (Before Linux 6.1 that can't be asked for: huge pages from the start.)
Tensor weight_memory(size_t bytes, double delay = 0.5);
// Bytes that wait for that.
size_t weight_memory_to_gather();

}  // namespace ef
