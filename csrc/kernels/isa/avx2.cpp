// AVX2 with FMA and F16C: Haswell, Zen and later.
#include "kernels/kernels.h"
#include "kernels/isa/vec_avx2.h"

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

extern const Kernels kAvx2Kernels;
constinit const Kernels kAvx2Kernels = make_table(Isa::Avx2, "avx2");

}  // namespace ef
