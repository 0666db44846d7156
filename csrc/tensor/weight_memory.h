// Memory for what lives as long as its model.
#pragma once
#include "tensor/tensor.h"

namespace ef {

// `bytes` of uint8, not initialised: a piece of a block that goes back to the system with its last piece.
//
// In huge pages: on 4 kB ones a decode step takes 5 % (Sapphire Rapids) to 40 % (Zen 4) longer. But where fresh huge
// pages are slow (huge_pages.h) memory begins as small ones, and `delay` seconds later, when the first token is out, a
// thread makes huge ones of them. (Before Linux 6.1 that can't be asked for: huge pages in any
// case.)
Tensor weight_memory(size_t bytes, double delay = 0.5);
// Of a matrix all of which is written now: in huge pages, made by all threads together, however slow they are.
// Gathering such amounts later would cost as much again, on a core that prompts and decoding want.
Tensor dense_weight_memory(const Shape& shape, DType dtype);
// The same with `value` in it as `dtype`.
Tensor in_weight_memory(const Tensor& value, DType dtype);
// Bytes that wait for that.
size_t weight_memory_to_gather();

}  // namespace ef
