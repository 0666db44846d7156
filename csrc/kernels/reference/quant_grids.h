// The lattices of the IQ formats: each code names a vector of 8 (IQ1, IQ2) or 4 (IQ3) small values.
#pragma once
#include <cstdint>

namespace ef {

enum class QuantGrid { IQ1, IQ2XXS, IQ2XS, IQ2S, IQ3XXS, IQ3S };
// All vectors one after the other; index * 8 (or 4) begins a vector. IQ1 holds -1, 0, 1; the others positive values.
const int8_t* quant_grid(QuantGrid grid);

}  // namespace ef
