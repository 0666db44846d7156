#include "kernels/quant_kernels.h"

#include "kernels/kernels.h"

namespace ef {

const QuantKernels& quant_kernels() {
  switch (isa()) {
#ifdef EF_HAVE_AVX512
    case Isa::Avx512:
    case Isa::Avx512Bf16:
      return kQuantAvx512;
#endif
#ifdef EF_HAVE_AMX
    case Isa::Amx:
      return kQuantAmx;
#endif
#ifdef EF_HAVE_AVX2
    case Isa::Avx2:
      return kQuantAvx2;
#endif
    default:
      return kQuantBaseline;
  }
}

}  // namespace ef
