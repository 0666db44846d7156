#include "core/half.h"
#include "kernels/isa/vec_group_avx512.h"

#include "kernels/generic/group.h"

namespace ef {

const GroupKernels kGroupAvx512 = group_table();

}  // namespace ef
