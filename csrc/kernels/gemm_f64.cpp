// Products in double: rows of c in parallel, four columns or one broadcast at a time. Used for f64 tensors, where
// exactness matters and speed does not.
#include <algorithm>

#include "core/thread_pool.h"
#include "kernels/gemm.h"

namespace ef {
namespace {

int64_t grain(int64_t n, int64_t k) { return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, n * k)); }

}  // namespace

void gemm_nt(int64_t m, int64_t n, int64_t k, const double* a, int64_t lda, const double* b, int64_t ldb, double* c,
             int64_t ldc, bool accumulate) {
  parallel_for(m, grain(n, k), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      for (int64_t j = 0; j < n; j += 4) {
        const int64_t width = std::min<int64_t>(4, n - j);
        double sum[4] = {};
        const double* row[4];
        for (int64_t u = 0; u < 4; u++) row[u] = b + (j + std::min(u, width - 1)) * ldb;
        for (int64_t p = 0; p < k; p++)
          for (int u = 0; u < 4; u++) sum[u] += a[i * lda + p] * row[u][p];
        for (int64_t u = 0; u < width; u++) c[i * ldc + j + u] = accumulate ? c[i * ldc + j + u] + sum[u] : sum[u];
      }
  });
}
void gemm_nn(int64_t m, int64_t n, int64_t k, const double* a, int64_t lda, const double* b, int64_t ldb, double* c,
             int64_t ldc, bool accumulate) {
  parallel_for(m, grain(n, k), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      double* out = c + i * ldc;
      if (!accumulate) std::fill_n(out, n, 0.);
      for (int64_t p = 0; p < k; p++) {
        const double x = a[i * lda + p];
        for (int64_t j = 0; j < n; j++) out[j] += x * b[p * ldb + j];
      }
    }
  });
}
void gemm_tn(int64_t m, int64_t n, int64_t k, const double* a, int64_t lda, const double* b, int64_t ldb, double* c,
             int64_t ldc, bool accumulate) {
  parallel_for(m, grain(n, k), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      if (!accumulate) std::fill_n(c + i * ldc, n, 0.);
    for (int64_t p = 0; p < k; p++)
      for (int64_t i = begin; i < end; i++) {
        const double x = a[p * lda + i];
        for (int64_t j = 0; j < n; j++) c[i * ldc + j] += x * b[p * ldb + j];
      }
  });
}

}  // namespace ef
