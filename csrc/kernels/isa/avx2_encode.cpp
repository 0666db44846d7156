#include "kernels/encode.h"
#include "kernels/generic/encode_k.h"

namespace ef {

const EncodeKernels kEncodeAvx2 = {find_encoder};

}  // namespace ef
