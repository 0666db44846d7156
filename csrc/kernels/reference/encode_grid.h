// Encoders of the lattice formats: IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ1_S, IQ1_M.
#pragma once
#include "kernels/encode.h"

namespace ef {
EncodeRows find_grid_encoder(GgmlType type);  // nullptr: the type is not one of them
}
