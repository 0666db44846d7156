#include "core/half.h"
#include "kernels/isa/vec_group_baseline.h"

#include "kernels/generic/group.h"

namespace ef {

const GroupKernels kGroupBaseline = group_table();

}  // namespace ef
