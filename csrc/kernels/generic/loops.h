// All loops of one instruction set, in the order in which they build on each other. Included inside its namespace after
// its vocabulary.

// clang-format off
#include "kernels/generic/math.h"
#include "kernels/generic/gemm_panel.h"
#include "kernels/generic/gemm_dot.h"
#include "kernels/generic/rowwise.h"
#include "kernels/generic/attention.h"
#include "kernels/generic/table.h"
// clang-format on
