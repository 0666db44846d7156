// Matrix products, in parallel over the thread pool. Row-major operands with row strides counted in elements.
//
// a and b are f32, bf16 or f16; c is f32 and sums are kept in f32. If b is bf16, a is rounded to bf16 (to nearest,
// even) and the products are summed in f32; in every other pairing 16-bit operands are widened to f32 first. Levels
// with bf16 tiles split the f32 of many rows into three bf16 each, whose sums are nearer to the exact ones than those
// of multiply-adds (gemm_split.cpp; not in batch-invariant mode, nor with numbers beyond what bf16 parts can hold;
// beside larger ones in their row or column, numbers under 2^-110 are rounded to multiples of about 2^-126). Weights
// are read where they lie: nothing is repacked outside of a scratch buffer that fits the cache. The bits of c don't
// depend on the number of threads. With set_batch_invariant(true) they don't depend on m either: a row of c is the same
// whatever other rows are computed with it.
#pragma once
#include <cstdint>
#include <span>

#include "core/dtype.h"

namespace ef {

// c[m,n] = a[m,k] · b[n,k]ᵀ  (+ c)
void gemm_nt(int64_t m, int64_t n, int64_t k, const void* a, DType ad, int64_t lda, const void* b, DType bd,
             int64_t ldb, float* c, int64_t ldc, bool accumulate = false);
// c[m,n] = a[m,k] · b[k,n]  (+ c)
void gemm_nn(int64_t m, int64_t n, int64_t k, const void* a, DType ad, int64_t lda, const void* b, DType bd,
             int64_t ldb, float* c, int64_t ldc, bool accumulate = false);
// c[m,n] = a[k,m]ᵀ · b[k,n]  (+ c)
void gemm_tn(int64_t m, int64_t n, int64_t k, const void* a, DType ad, int64_t lda, const void* b, DType bd,
             int64_t ldb, float* c, int64_t ldc, bool accumulate = false);

// Several weights on one input, as one parallel region: q, k, v; gate, up.
struct GemmTarget {
  const void* b;  // [n, k]
  DType bd;
  int64_t ldb, n;
  float* c;  // [m, n]
  int64_t ldc;
};
void gemm_nt_many(int64_t m, int64_t k, const void* a, DType ad, int64_t lda, std::span<const GemmTarget> targets,
                  bool accumulate = false);

// c[m,n] = op(a)·op(b) of bf16 matrices with each sum rounded to bf16 when it is done: a is [m, k], transposed [k, m];
// b is [k, n], transposed [n, k]. False, and nothing done, where that is no faster than an f32 result that is rounded
// afterwards, which gives the same bits.
struct GemmOperand {
  const void* data;
  int64_t ld;
  bool transposed;
};
bool gemm_bf16(int64_t m, int64_t n, int64_t k, GemmOperand a, GemmOperand b, void* c, int64_t ldc);

// `batch` independent products; a, b, c of item i start at i times their batch stride (in elements; 0 repeats an
// operand).
struct GemmBatch {
  int64_t count, stride_a, stride_b, stride_c;
};
void gemm_nt_batched(GemmBatch batch, int64_t m, int64_t n, int64_t k, const void* a, DType ad, int64_t lda,
                     const void* b, DType bd, int64_t ldb, float* c, int64_t ldc, bool accumulate = false);
void gemm_nn_batched(GemmBatch batch, int64_t m, int64_t n, int64_t k, const void* a, DType ad, int64_t lda,
                     const void* b, DType bd, int64_t ldb, float* c, int64_t ldc, bool accumulate = false);
void gemm_tn_batched(GemmBatch batch, int64_t m, int64_t n, int64_t k, const void* a, DType ad, int64_t lda,
                     const void* b, DType bd, int64_t ldb, float* c, int64_t ldc, bool accumulate = false);

// All-double forms, for f64 tensors and gradient checks.
void gemm_nt(int64_t m, int64_t n, int64_t k, const double* a, int64_t lda, const double* b, int64_t ldb, double* c,
             int64_t ldc, bool accumulate = false);
void gemm_nn(int64_t m, int64_t n, int64_t k, const double* a, int64_t lda, const double* b, int64_t ldb, double* c,
             int64_t ldc, bool accumulate = false);
void gemm_tn(int64_t m, int64_t n, int64_t k, const double* a, int64_t lda, const double* b, int64_t ldb, double* c,
             int64_t ldc, bool accumulate = false);

// Process-wide switch of the property above (off by default: it costs speed for few rows).
bool batch_invariant();
void set_batch_invariant(bool on);

// While one lives, what this thread asks of products and attention has in each row the bits that the row alone would
// have, at any number of rows: few rows are meant, a thousand would be slow.
class SingleRowOrder {
 public:
  SingleRowOrder() { depth()++; }
  ~SingleRowOrder() { depth()--; }
  SingleRowOrder(const SingleRowOrder&) = delete;
  SingleRowOrder& operator=(const SingleRowOrder&) = delete;
  static bool on() { return depth() > 0; }

 private:
  static int& depth();
};

}  // namespace ef
