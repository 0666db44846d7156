#include "core/half.h"
#include "kernels/isa/vec_group_avx2.h"

#include "kernels/generic/group.h"

namespace ef {

const GroupKernels kGroupAvx2 = group_table();

}  // namespace ef
