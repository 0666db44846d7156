#include "core/half.h"
#include "kernels/isa/vec_quant_avx2.h"

#include "kernels/generic/quant_rows.h"

namespace ef {

const QuantKernels kQuantAvx2 = quant_table();

}  // namespace ef
