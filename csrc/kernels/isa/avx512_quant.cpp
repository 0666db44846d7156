#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 on its own _mm512_undefined_ps()
#pragma GCC diagnostic ignored "-Wuninitialized"
#include "core/half.h"
#include "kernels/isa/vec_quant_avx512.h"

#include "kernels/generic/quant_rows.h"

namespace ef {

const QuantKernels kQuantAvx512 = quant_table();

}  // namespace ef
