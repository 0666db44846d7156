// Loops over rows and elements, in parallel over the thread pool: norms, softmax, rotary embedding, activations,
// losses.
//
// T is float (vectorized, one instance per instruction set) or double (plain loops, for f64 tensors and gradient
// checks). x and y may be the same array unless said otherwise; `ld*` are row strides in elements. Gradients are
// written, not added, unless said otherwise. Bits don't depend on the number of threads.
#pragma once
#include <cstdint>

#include "core/dtype.h"

namespace ef::rowwise {

// A per-column gain or shift: f32, bf16, f16 or f64; null data = absent.
struct Gain {
  const void* data = nullptr;
  DType dtype = DType::Float32;
};

// y = x / sqrt(mean(x²) + eps) * w; unit_offset: * (1 + w), as Gemma stores it. rstd ([rows], may be null) is for
// backward.
template <class T>
void rms_norm(int64_t rows, int64_t n, const T* x, int64_t ldx, Gain w, double eps, bool unit_offset, T* y, int64_t ldy,
              T* rstd);
// dw ([n]) may be null and is added to.
template <class T>
void rms_norm_backward(int64_t rows, int64_t n, const T* x, int64_t ldx, Gain w, bool unit_offset, const T* rstd,
                       const T* dy, int64_t lddy, T* dx, int64_t lddx, T* dw);
// y = (x - mean) / sqrt(var + eps) * w + b, variance over n. mean, rstd ([rows]) may be null.
template <class T>
void layer_norm(int64_t rows, int64_t n, const T* x, int64_t ldx, Gain w, Gain b, double eps, T* y, int64_t ldy,
                T* mean, T* rstd);
// dw, db ([n]) may be null and are added to.
template <class T>
void layer_norm_backward(int64_t rows, int64_t n, const T* x, int64_t ldx, Gain w, const T* mean, const T* rstd,
                         const T* dy, int64_t lddy, T* dx, int64_t lddx, T* dw, T* db);

// A row of -inf only gives NaN, as in torch.
template <class T>
void softmax(int64_t rows, int64_t n, const T* x, int64_t ldx, T* y, int64_t ldy);
template <class T>
void log_softmax(int64_t rows, int64_t n, const T* x, int64_t ldx, T* y, int64_t ldy);
// y is the forward result; arrays contiguous [rows, n]
template <class T>
void softmax_backward(int64_t rows, int64_t n, const T* y, const T* dy, T* dx);
template <class T>
void log_softmax_backward(int64_t rows, int64_t n, const T* y, const T* dy, T* dx);
template <class T>
void logsumexp(int64_t rows, int64_t n, const T* x, int64_t ldx, T* out);
template <class T>
void row_sum(int64_t rows, int64_t n, const T* x, int64_t ldx, T* out);
// Sum over the rows: out[n] (+= if accumulate)
template <class T>
void column_sum(int64_t rows, int64_t n, const T* x, int64_t ldx, T* out, bool accumulate);
template <class T>
double sum(int64_t n, const T* x);  // fixed order of summation, kept in double
template <class T>
double sum_squares(int64_t n, const T* x);  // for gradient norms
template <class T>
void argmax(int64_t rows, int64_t n, const T* x, int64_t ldx, int64_t* out);  // first of equals; NaN wins

// loss[r] = -(1 - smoothing)·log p[target] - smoothing·mean(log p); 0 where target == ignore_index. lse ([rows]) is for
// backward. Other targets outside [0, n) raise IndexError.
template <class T>
void cross_entropy(int64_t rows, int64_t n, const T* logits, int64_t ld, const int64_t* targets, int64_t ignore_index,
                   double label_smoothing, T* loss, T* lse);
// dlogits[r] = dloss[r] · (softmax - target distribution); may be the logits themselves.
template <class T>
void cross_entropy_backward(int64_t rows, int64_t n, const T* logits, int64_t ld, const int64_t* targets,
                            int64_t ignore_index, double label_smoothing, const T* lse, const T* dloss, T* dlogits,
                            int64_t lddx);

// Rotary position embedding of x[tokens, heads, head_dim] by tables [positions, rotary_dim / 2].
template <class T>
struct RopeArgs {
  int64_t tokens = 0, heads = 0, head_dim = 0;
  int64_t rotary_dim = 0;  // even, <= head_dim; the rest of a head is copied
  const T* x = nullptr;
  int64_t x_token = 0, x_head = 0;  // strides in elements
  T* y = nullptr;                   // may be x (with the same strides)
  int64_t y_token = 0, y_head = 0;
  const T* cos = nullptr;
  const T* sin = nullptr;
  const int64_t* positions = nullptr;  // row of the tables for each token; null = 0, 1, 2, …
  bool interleaved = false;            // pairs (0,1), (2,3), … instead of (i, i + rotary_dim/2)
  bool inverse = false;                // rotate back: the gradient
};
template <class T>
void rope(const RopeArgs<T>& args);

enum class Unary {
  Exp,
  Log,
  Relu,
  Relu2,
  Sigmoid,
  Tanh,
  Silu,
  Gelu,
  GeluTanh,
  QuickGelu,
  Softplus,
  Mish,
  Erf,
  HardSigmoid,
  HardSwish,
};
constexpr int kUnaryCount = 15;
// Gelu is x·Φ(x) with erf; GeluTanh its tanh form; QuickGelu x·σ(1.702x); Relu2 relu(x)²
template <class T>
void unary(Unary f, int64_t n, const T* x, T* y);
template <class T>
void unary_grad(Unary f, int64_t n, const T* x, const T* dy, T* dx);  // dx = f'(x)·dy

// Gated units: out = f(gate)·up, over [rows, n] with row strides (gate and up may be halves of one buffer)
template <class T>
void glu(Unary f, int64_t rows, int64_t n, const T* gate, int64_t ldg, const T* up, int64_t ldu, T* out, int64_t ldo);
template <class T>
void glu_grad(Unary f, int64_t rows, int64_t n, const T* gate, int64_t ldg, const T* up, int64_t ldu, const T* dout,
              int64_t ldo, T* dgate, int64_t lddg, T* dup, int64_t lddu);

template <class T>
void add(int64_t n, const T* a, const T* b, T* y);
template <class T>
void sub(int64_t n, const T* a, const T* b, T* y);
template <class T>
void mul(int64_t n, const T* a, const T* b, T* y);
template <class T>
void scale(int64_t n, T alpha, const T* x, T* y);  // y = alpha·x
template <class T>
void scale_add(int64_t n, T alpha, const T* x, T* y);  // y += alpha·x
// y[r] = f(y[r] + bias)
template <class T>
void bias_unary(Unary f, int64_t rows, int64_t n, T* y, int64_t ldy, Gain bias);
// y[r] = layer_norm(y[r] + bias + residual[r]), all contiguous
template <class T>
void add_layer_norm(int64_t rows, int64_t n, T* y, Gain bias, const T* residual, Gain w, Gain b, double eps);
template <class T>
void add_bias(int64_t rows, int64_t n, T* y, int64_t ldy, Gain bias);  // y[r] += bias
// residual += delta, then y = rms_norm(residual), in one pass (residual and y differ)
template <class T>
void add_rms_norm(int64_t rows, int64_t n, T* residual, const T* delta, Gain w, double eps, bool unit_offset, T* y);

// Between f32, bf16, f16 and f64, rounded to nearest even.
void convert(int64_t n, const void* src, DType from, void* dst, DType to);

}  // namespace ef::rowwise
