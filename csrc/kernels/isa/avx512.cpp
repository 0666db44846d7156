// AVX-512 with VNNI: Ice Lake, Zen 4 and later.
#include "kernels/kernels.h"
#include "kernels/scratch.h"
#include "kernels/isa/vec_avx512.h"

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

extern const Kernels kAvx512Kernels;
constinit const Kernels kAvx512Kernels = make_table(Isa::Avx512, "avx512");

}  // namespace ef
