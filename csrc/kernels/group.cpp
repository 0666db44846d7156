#include "kernels/group.h"

#include "kernels/kernels.h"

namespace ef {

const GroupKernels& group_kernels() {
  switch (isa()) {
#ifdef EF_HAVE_AVX512
    case Isa::Avx512:
    case Isa::Avx512Bf16:
    case Isa::Amx:
      return kGroupAvx512;
#endif
#ifdef EF_HAVE_AVX2
    case Isa::Avx2:
      return kGroupAvx2;
#endif
    default:
      return kGroupBaseline;
  }
}

}  // namespace ef
