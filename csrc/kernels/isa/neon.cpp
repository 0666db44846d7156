// AArch64: every 64-bit Arm CPU.
#include "kernels/kernels.h"
#include "kernels/isa/vec_neon.h"

namespace ef {
namespace {
#include "kernels/generic/math.h"
#include "kernels/generic/gemm_panel.h"
#include "kernels/generic/gemm_stream.h"
#include "kernels/generic/gemm_dot.h"
#include "kernels/generic/gemm_quad.h"
#include "kernels/generic/rowwise.h"
#include "kernels/generic/attention.h"
#include "kernels/generic/attention_decode.h"
#include "kernels/generic/attention_packed.h"
#include "kernels/generic/table.h"
}  // namespace

extern const Kernels kNeonKernels;
constinit const Kernels kNeonKernels = make_table(Isa::Neon, "neon");

}  // namespace ef
