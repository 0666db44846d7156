#include "kernels/encode.h"
#include "kernels/generic/encode_k.h"

namespace ef {

const EncodeKernels kEncodeBaseline = {find_encoder};

}  // namespace ef
