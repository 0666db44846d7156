// Plain loops over one row: the truth that the vectorized kernels are tested against, and the double instance of the
// table.
#pragma once
#include <cmath>

#include "kernels/kernels.h"
#include "kernels/reference/gemm.h"

namespace ef::reference {

using rowwise::Unary;

template <class T>
T sigmoid(T x) {
  return 1 / (1 + std::exp(-x));
}
template <class T>
T softplus(T x) {
  return x > 20 ? x : std::log1p(std::exp(x));
}
template <class T>
T normal_cdf(T x) {
  return T(0.5) * std::erfc(-x * T(0.70710678118654752440));
}
template <class T>
T gelu_tanh_inner(T x) {
  return T(0.79788456080286535588) * (x + T(0.044715) * x * x * x);
}

template <Unary U, class T>
T value(T x) {
  switch (U) {
    case Unary::Exp:
      return std::exp(x);
    case Unary::Log:
      return std::log(x);
    case Unary::Relu:
      return x < 0 ? T(0) : x;
    case Unary::Relu2:
      return x < 0 ? T(0) : x * x;
    case Unary::Sigmoid:
      return sigmoid(x);
    case Unary::Tanh:
      return std::tanh(x);
    case Unary::Silu:
      return x / (1 + std::exp(-x));
    case Unary::Gelu:
      return x * normal_cdf(x);
    case Unary::GeluTanh:
      return T(0.5) * x * (1 + std::tanh(gelu_tanh_inner(x)));
    case Unary::QuickGelu:
      return x * sigmoid(T(1.702) * x);
    case Unary::Softplus:
      return softplus(x);
    case Unary::Mish:
      return x * std::tanh(softplus(x));
    case Unary::Erf:
      return std::erf(x);
    case Unary::HardSigmoid:
      return x <= -3 ? T(0) : x >= 3 ? T(1) : x / 6 + T(0.5);
    case Unary::HardSwish:
      return x <= -3 ? T(0) : x >= 3 ? x : x * (x / 6 + T(0.5));
  }
}
template <Unary U, class T>
T slope(T x) {
  const T s = sigmoid(x);
  switch (U) {
    case Unary::Exp:
      return std::exp(x);
    case Unary::Log:
      return 1 / x;
    case Unary::Relu:
      return x > 0 ? T(1) : T(0);
    case Unary::Relu2:
      return x > 0 ? 2 * x : T(0);
    case Unary::Sigmoid:
      return s * (1 - s);
    case Unary::Tanh:
      return 1 - std::tanh(x) * std::tanh(x);
    case Unary::Silu:
      return s * (1 + x * (1 - s));
    case Unary::Gelu:
      return normal_cdf(x) + x * T(0.39894228040143267794) * std::exp(x * x / -2);
    case Unary::GeluTanh: {
      const T t = std::tanh(gelu_tanh_inner(x));
      return T(0.5) * (1 + t) + T(0.5) * x * (1 - t * t) * T(0.79788456080286535588) * (1 + T(0.134145) * x * x);
    }
    case Unary::QuickGelu: {
      const T q = sigmoid(T(1.702) * x);
      return q * (1 + T(1.702) * x * (1 - q));
    }
    case Unary::Softplus:
      return s;
    case Unary::Mish: {
      const T t = std::tanh(softplus(x));
      return t + x * s * (1 - t * t);
    }
    case Unary::Erf:
      return T(1.12837916709551257390) * std::exp(-x * x);
    case Unary::HardSigmoid:
      return x > -3 && x < 3 ? T(1) / 6 : T(0);
    case Unary::HardSwish:
      return x <= -3 ? T(0) : x >= 3 ? T(1) : x / 3 + T(0.5);
  }
}

template <Unary U, class T>
void unary(int64_t n, const T* x, T* y) {
  for (int64_t i = 0; i < n; i++) y[i] = value<U>(x[i]);
}
template <Unary U, class T>
void unary_grad(int64_t n, const T* x, const T* dy, T* dx) {
  for (int64_t i = 0; i < n; i++) dx[i] = dy[i] * slope<U>(x[i]);
}
template <Unary U, class T>
void glu(int64_t n, const T* gate, const T* up, T* out) {
  for (int64_t i = 0; i < n; i++) out[i] = value<U>(gate[i]) * up[i];
}
template <Unary U, class T>
void glu_grad(int64_t n, const T* gate, const T* up, const T* dout, T* dgate, T* dup) {
  for (int64_t i = 0; i < n; i++) {
    const T g = gate[i], u = up[i], d = dout[i];
    dgate[i] = d * u * slope<U>(g);
    dup[i] = d * value<U>(g);
  }
}

template <class T>
void add(int64_t n, const T* a, const T* b, T* y) {
  for (int64_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}
template <class T>
void sub(int64_t n, const T* a, const T* b, T* y) {
  for (int64_t i = 0; i < n; i++) y[i] = a[i] - b[i];
}
template <class T>
void mul(int64_t n, const T* a, const T* b, T* y) {
  for (int64_t i = 0; i < n; i++) y[i] = a[i] * b[i];
}
template <class T>
void scale(int64_t n, T alpha, const T* x, T* y) {
  for (int64_t i = 0; i < n; i++) y[i] = alpha * x[i];
}
template <class T>
void scale_add(int64_t n, T alpha, const T* x, T* y) {
  for (int64_t i = 0; i < n; i++) y[i] += alpha * x[i];
}
template <class T>
void add_scalar(int64_t n, T alpha, const T* x, T* y) {
  for (int64_t i = 0; i < n; i++) y[i] = x[i] + alpha;
}
template <class T>
void add_product(int64_t n, const T* x, T shift, T scale, const T* dy, T* dw) {
  for (int64_t i = 0; i < n; i++) dw[i] += dy[i] * ((x[i] - shift) * scale);
}
template <class T>
void add_gain(int64_t n, T* y, const void* bias, DType dtype) {
  for (int64_t i = 0; i < n; i++) y[i] += T(element(bias, dtype, i));
}

template <class T>
T max(int64_t n, const T* x) {
  T m = -INFINITY;
  for (int64_t i = 0; i < n; i++) m = x[i] > m ? x[i] : m;
  return m;
}
template <class T>
int64_t argmax(int64_t n, const T* x) {
  int64_t best = 0;
  for (int64_t j = 1; j < n && !std::isnan(x[best]); j++)
    if (x[j] > x[best] || std::isnan(x[j])) best = j;
  return best;
}
template <class T>
T sum(int64_t n, const T* x) {
  T s = 0;
  for (int64_t i = 0; i < n; i++) s += x[i];
  return s;
}
template <class T>
T dot(int64_t n, const T* a, const T* b) {
  T s = 0;
  for (int64_t i = 0; i < n; i++) s += a[i] * b[i];
  return s;
}
template <class T>
T exp_sum(int64_t n, const T* x, T shift, T* y) {
  T s = 0;
  for (int64_t i = 0; i < n; i++) {
    const T e = std::exp(x[i] - shift);
    if (y) y[i] = e;
    s += e;
  }
  return s;
}

template <class T>
T gain(const void* w, DType wd, bool unit_offset, int64_t i) {
  return w ? T(element(w, wd, i)) + (unit_offset ? 1 : 0) : T(1);
}
template <class T>
T rms_norm(int64_t n, const T* x, const void* w, DType wd, T eps, bool unit_offset, T* y) {
  const T rstd = 1 / std::sqrt(dot(n, x, x) / T(n) + eps);
  for (int64_t i = 0; i < n; i++) y[i] = x[i] * rstd * gain<T>(w, wd, unit_offset, i);
  return rstd;
}
template <class T>
void rms_norm_grad(int64_t n, const T* x, const void* w, DType wd, bool unit_offset, T rstd, const T* dy, T* dx) {
  T total = 0;
  for (int64_t i = 0; i < n; i++) total += dy[i] * gain<T>(w, wd, unit_offset, i) * x[i];
  const T c = total * rstd * rstd * rstd / T(n);
  for (int64_t i = 0; i < n; i++) dx[i] = dy[i] * gain<T>(w, wd, unit_offset, i) * rstd - x[i] * c;
}
template <class T>
void layer_norm(int64_t n, const T* x, const void* w, DType wd, const void* b, DType bd, T eps, T* y, T* mean,
                T* rstd) {
  const T m = sum(n, x) / T(n);
  T var = 0;
  for (int64_t i = 0; i < n; i++) var += (x[i] - m) * (x[i] - m);
  const T r = 1 / std::sqrt(var / T(n) + eps);
  for (int64_t i = 0; i < n; i++) y[i] = (x[i] - m) * r * gain<T>(w, wd, false, i) + (b ? T(element(b, bd, i)) : T(0));
  *mean = m;
  *rstd = r;
}
template <class T>
void layer_norm_grad(int64_t n, const T* x, const void* w, DType wd, T mean, T rstd, const T* dy, T* dx) {
  T total = 0, along = 0;
  for (int64_t i = 0; i < n; i++) {
    const T g = dy[i] * gain<T>(w, wd, false, i);
    total += g;
    along += g * (x[i] - mean) * rstd;
  }
  for (int64_t i = 0; i < n; i++) {
    const T g = dy[i] * gain<T>(w, wd, false, i), hat = (x[i] - mean) * rstd;
    dx[i] = (g - total / T(n) - hat * along / T(n)) * rstd;
  }
}
template <class T>
void softmax_grad(int64_t n, const T* p, const T* dp, T delta, T scale, T* ds) {
  for (int64_t i = 0; i < n; i++) ds[i] = p[i] * (dp[i] - delta) * scale;
}
template <class T>
void rope_half(int64_t half, const T* x, const T* cos, const T* sin, T sign, T* y) {
  for (int64_t i = 0; i < half; i++) {
    const T a = x[i], b = x[half + i];
    y[i] = a * cos[i] - b * sin[i] * sign;
    y[half + i] = b * cos[i] + a * sin[i] * sign;
  }
}
template <class T>
void rope_interleaved(int64_t half, const T* x, const T* cos, const T* sin, T sign, T* y) {
  for (int64_t i = 0; i < half; i++) {
    const T a = x[2 * i], b = x[2 * i + 1];
    y[2 * i] = a * cos[i] - b * sin[i] * sign;
    y[2 * i + 1] = b * cos[i] + a * sin[i] * sign;
  }
}

#define EF_EACH_UNARY(fn)                                                                                   \
  {                                                                                                         \
    fn<Unary::Exp>, fn<Unary::Log>, fn<Unary::Relu>, fn<Unary::Relu2>, fn<Unary::Sigmoid>, fn<Unary::Tanh>, \
        fn<Unary::Silu>, fn<Unary::Gelu>, fn<Unary::GeluTanh>, fn<Unary::QuickGelu>, fn<Unary::Softplus>,   \
        fn<Unary::Mish>, fn<Unary::Erf>, fn<Unary::HardSigmoid>, fn<Unary::HardSwish>                       \
  }
template <class T>
const RowKernels<T>& row_kernels() {
  static constexpr RowKernels<T> table = {
      .unary = EF_EACH_UNARY(unary),
      .unary_grad = EF_EACH_UNARY(unary_grad),
      .glu = EF_EACH_UNARY(glu),
      .glu_grad = EF_EACH_UNARY(glu_grad),
      .add = add,
      .sub = sub,
      .mul = mul,
      .scale = scale,
      .scale_add = scale_add,
      .add_scalar = add_scalar,
      .add_product = add_product,
      .add_gain = add_gain,
      .max = max,
      .argmax = argmax,
      .sum = sum,
      .dot = dot,
      .exp_sum = exp_sum,
      .rms_norm = rms_norm,
      .rms_norm_grad = rms_norm_grad,
      .layer_norm = layer_norm,
      .layer_norm_grad = layer_norm_grad,
      .softmax_grad = softmax_grad,
      .rope_half = rope_half,
      .rope_interleaved = rope_interleaved,
  };
  return table;
}
#undef EF_EACH_UNARY

}  // namespace ef::reference
