// Memory for what lives as long as its model.
#pragma once
#include <functional>

#include "tensor/tensor.h"

namespace ef {

// `bytes` of uint8, not initialised: a piece of a block that goes back to the system with its last piece.
//
// In huge pages: on 4 kB ones a decode step takes 5 % (Sapphire Rapids) to 40 % (Zen 4) longer. But where fresh huge
// pages are slow (huge_pages.h) memory begins as small ones, and `delay` seconds later, when the first token is out, a
// thread makes huge ones of them. (Before Linux 6.1 that can't be asked for: huge pages in any
// case.)
Tensor weight_memory(size_t bytes, double delay = 0.5);
// The same for what is written from its beginning on, piece by piece, while what it is made of goes: nothing is taken
// before prepare(n), to be called before anything is written to the first n bytes.
struct WeightPieces {
  Tensor memory;
  std::function<void(size_t)> prepare;
};
WeightPieces weight_memory_in_pieces(size_t bytes);
// Of a matrix all of which is written now: in huge pages, made by all threads together, however slow they are.
// Gathering such amounts later would cost as much again, on a core that prompts and decoding want.
Tensor dense_weight_memory(const Shape& shape, DType dtype);
// The same with `value` in it as `dtype`.
Tensor in_weight_memory(const Tensor& value, DType dtype);
// Bytes that wait for that.
size_t weight_memory_to_gather();

}  // namespace ef
