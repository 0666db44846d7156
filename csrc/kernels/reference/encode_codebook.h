// Encoders that try the values of a codebook one by one: IQ4_NL, IQ4_XS, MXFP4; and the ternary TQ1_0, TQ2_0,
// and Q1_0, which holds only signs.
#pragma once
#include "kernels/encode.h"

namespace ef {
EncodeRows find_codebook_encoder(GgmlType type);  // nullptr: the type is not one of them
}
