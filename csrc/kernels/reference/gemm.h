// Plain products in double: the truth that every kernel is tested against.
#pragma once
#include <cmath>
#include <cstdint>

#include "core/dtype.h"

namespace ef::reference {

inline double element(const void* p, DType dtype, int64_t i) {
  switch (dtype) {
    case DType::Float32:
      return static_cast<const float*>(p)[i];
    case DType::Float64:
      return static_cast<const double*>(p)[i];
    case DType::BFloat16:
      return float(static_cast<const bfloat16*>(p)[i]);
    case DType::Float16:
      return float(static_cast<const float16*>(p)[i]);
    default:
      fail<DtypeError>("reference: no floating-point element in ", dtype_name(dtype));
  }
}

// c[m,n] (+)= op(a)·op(b), op(a) = a[m,k], or a[k,m] if a_transposed; op(b) = b[k,n], or b[n,k] if b_transposed. a is
// rounded to bf16 when b is bf16. magnitude[m,n], if given, gets Σ|a·b|, the scale of the rounding error.
template <class C>
void gemm(bool a_transposed, bool b_transposed, int64_t m, int64_t n, int64_t k, const void* a, DType ad, int64_t lda,
          const void* b, DType bd, int64_t ldb, C* c, int64_t ldc, bool accumulate, double* magnitude = nullptr) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) {
      double sum = accumulate ? double(c[i * ldc + j]) : 0, size = std::fabs(sum);
      for (int64_t p = 0; p < k; p++) {
        double x = element(a, ad, a_transposed ? p * lda + i : i * lda + p);
        if (bd == DType::BFloat16) x = from_bf16(to_bf16(float(x)));
        const double product = x * element(b, bd, b_transposed ? j * ldb + p : p * ldb + j);
        sum += product;
        size += std::fabs(product);
      }
      c[i * ldc + j] = C(sum);
      if (magnitude) magnitude[i * n + j] = size;
    }
}

}  // namespace ef::reference
