#include "core/half.h"
#include "kernels/isa/vec_quant_baseline.h"

#include "kernels/generic/quant_rows.h"

namespace ef {

const QuantKernels kQuantBaseline = quant_table();

}  // namespace ef
