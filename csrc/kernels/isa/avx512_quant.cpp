#include "core/half.h"
#include "kernels/isa/vec_quant_avx512.h"

#include "kernels/generic/quant_rows.h"

namespace ef {

const QuantKernels kQuantAvx512 = quant_table();

}  // namespace ef
