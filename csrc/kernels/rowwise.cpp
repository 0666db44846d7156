#include "kernels/rowwise.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "core/error.h"
#include "core/thread_pool.h"
#include "kernels/kernels.h"
#include "kernels/reference/rowwise.h"
#include "kernels/scratch.h"

namespace ef::rowwise {
namespace {

constexpr int64_t kFewRows = 32;  // up to which products cut their columns among the threads: so is what follows them
constexpr int64_t kGrain = 4096;  // elements of a piece: below, another thread costs more than it brings

template <class T>
const RowKernels<T>& rows() {
  if constexpr (std::is_same_v<T, float>)
    return kernels().rows;
  else
    return reference::row_kernels<T>();
}
// f(row) in parallel
template <class F>
void each_row(int64_t count, int64_t n, F&& f) {
  parallel_for(count, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n)), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) f(r);
  });
}
// f(begin, length) in parallel; pieces start at multiples of 64 so that the vector loops cut the array alike everywhere
template <class F>
void each_piece(int64_t n, F&& f) {
  parallel_for((n + 63) / 64, kGrain / 64,
               [&](int64_t begin, int64_t end) { f(begin * 64, std::min(n, end * 64) - begin * 64); });
}
template <class T>
void check_gain(const char* where, const Gain& g) {
  const bool fine = g.dtype == DType::Float32 || g.dtype == DType::BFloat16 || g.dtype == DType::Float16 ||
                    (g.dtype == DType::Float64 && std::is_same_v<T, double>);
  check<DtypeError>(!g.data || fine, where, ": found a weight of ", dtype_name(g.dtype),
                    ", needed float32, bfloat16 or float16 (float64 with float64 input)");
}
// Columns are cut among the threads and each column is summed over the rows in order: the same bits for any number of
// threads, and no memory per thread. f(begin, end) handles a range of columns.
template <class F>
void each_column_range(int64_t count, int64_t n, F&& f) {
  constexpr int64_t kUnit = 64;
  parallel_for((n + kUnit - 1) / kUnit, std::max<int64_t>(1, kGrain / (kUnit * std::max<int64_t>(1, count))),
               [&](int64_t begin, int64_t end) { f(begin * kUnit, std::min(n, end * kUnit)); });
}

}  // namespace

template <class T>
void rms_norm(int64_t count, int64_t n, const T* x, int64_t ldx, Gain w, double eps, bool unit_offset, T* y,
              int64_t ldy, T* rstd) {
  check_gain<T>("rms_norm", w);
  if (n <= 0) return;
  each_row(count, n, [&](int64_t r) {
    const T s = rows<T>().rms_norm(n, x + r * ldx, w.data, w.dtype, T(eps), unit_offset, y + r * ldy);
    if (rstd) rstd[r] = s;
  });
}
template <class T>
void rms_norm_backward(int64_t count, int64_t n, const T* x, int64_t ldx, Gain w, bool unit_offset, const T* rstd,
                       const T* dy, int64_t lddy, T* dx, int64_t lddx, T* dw) {
  check_gain<T>("rms_norm_backward", w);
  if (n <= 0) return;
  if (dw)  // before dx, which may overwrite dy
    each_column_range(count, n, [&](int64_t begin, int64_t end) {
      for (int64_t r = 0; r < count; r++)
        rows<T>().add_product(end - begin, x + r * ldx + begin, T(0), rstd[r], dy + r * lddy + begin, dw + begin);
    });
  each_row(count, n, [&](int64_t r) {
    rows<T>().rms_norm_grad(n, x + r * ldx, w.data, w.dtype, unit_offset, rstd[r], dy + r * lddy, dx + r * lddx);
  });
}
template <class T>
void layer_norm(int64_t count, int64_t n, const T* x, int64_t ldx, Gain w, Gain b, double eps, T* y, int64_t ldy,
                T* mean, T* rstd) {
  check_gain<T>("layer_norm", w);
  check_gain<T>("layer_norm", b);
  if (n <= 0) return;
  each_row(count, n, [&](int64_t r) {
    T m, s;
    rows<T>().layer_norm(n, x + r * ldx, w.data, w.dtype, b.data, b.dtype, T(eps), y + r * ldy, &m, &s);
    if (mean) mean[r] = m;
    if (rstd) rstd[r] = s;
  });
}
template <class T>
void layer_norm_backward(int64_t count, int64_t n, const T* x, int64_t ldx, Gain w, const T* mean, const T* rstd,
                         const T* dy, int64_t lddy, T* dx, int64_t lddx, T* dw, T* db) {
  check_gain<T>("layer_norm_backward", w);
  if (n <= 0) return;
  if (dw || db)
    each_column_range(count, n, [&](int64_t begin, int64_t end) {
      for (int64_t r = 0; r < count; r++) {
        const T* g = dy + r * lddy + begin;
        if (dw) rows<T>().add_product(end - begin, x + r * ldx + begin, mean[r], rstd[r], g, dw + begin);
        if (db) rows<T>().add(end - begin, db + begin, g, db + begin);
      }
    });
  each_row(count, n, [&](int64_t r) {
    rows<T>().layer_norm_grad(n, x + r * ldx, w.data, w.dtype, mean[r], rstd[r], dy + r * lddy, dx + r * lddx);
  });
}
template <class T>
void add_rms_norm(int64_t count, int64_t n, T* residual, const T* delta, Gain w, double eps, bool unit_offset, T* y) {
  check_gain<T>("add_rms_norm", w);
  if (n <= 0) return;
  each_row(count, n, [&](int64_t r) {
    rows<T>().add(n, residual + r * n, delta + r * n, residual + r * n);
    rows<T>().rms_norm(n, residual + r * n, w.data, w.dtype, T(eps), unit_offset, y + r * n);
  });
}

template <class T>
void softmax(int64_t count, int64_t n, const T* x, int64_t ldx, T* y, int64_t ldy) {
  if (n <= 0) return;
  each_row(count, n, [&](int64_t r) {
    const RowKernels<T>& k = rows<T>();
    const T sum = k.exp_sum(n, x + r * ldx, k.max(n, x + r * ldx), y + r * ldy);
    k.scale(n, 1 / sum, y + r * ldy, y + r * ldy);
  });
}
namespace {
template <class T>
T lse_of(int64_t n, const T* x) {
  const T m = rows<T>().max(n, x);
  if (std::isinf(m)) return std::any_of(x, x + n, [](T v) { return std::isnan(v); }) ? T(NAN) : m;
  return m + std::log(rows<T>().exp_sum(n, x, m, nullptr));
}
}  // namespace
template <class T>
void log_softmax(int64_t count, int64_t n, const T* x, int64_t ldx, T* y, int64_t ldy) {
  if (n <= 0) return;
  each_row(count, n, [&](int64_t r) {
    const T* in = x + r * ldx;
    const T m = rows<T>().max(n, in), log_sum = std::log(rows<T>().exp_sum(n, in, m, nullptr));
    rows<T>().add_scalar(n, -m, in, y + r * ldy);
    rows<T>().add_scalar(n, -log_sum, y + r * ldy, y + r * ldy);
  });
}
template <class T>
void softmax_backward(int64_t count, int64_t n, const T* y, const T* dy, T* dx) {
  each_row(count, n, [&](int64_t r) {
    const T dot = rows<T>().dot(n, y + r * n, dy + r * n);
    rows<T>().softmax_grad(n, y + r * n, dy + r * n, dot, T(1), dx + r * n);
  });
}
template <class T>
void log_softmax_backward(int64_t count, int64_t n, const T* y, const T* dy, T* dx) {
  each_row(count, n, [&](int64_t r) {
    const T sum = rows<T>().sum(n, dy + r * n);
    T* p = scratch<T>(ScratchSlot::Row, size_t(n));
    rows<T>().exp_sum(n, y + r * n, T(0), p);
    if (dx != dy) std::copy(dy + r * n, dy + (r + 1) * n, dx + r * n);
    rows<T>().scale_add(n, -sum, p, dx + r * n);
  });
}
template <class T>
void logsumexp(int64_t count, int64_t n, const T* x, int64_t ldx, T* out) {
  each_row(count, n, [&](int64_t r) { out[r] = n > 0 ? lse_of(n, x + r * ldx) : -T(INFINITY); });
}
template <class T>
void row_sum(int64_t count, int64_t n, const T* x, int64_t ldx, T* out) {
  each_row(count, n, [&](int64_t r) { out[r] = rows<T>().sum(n, x + r * ldx); });
}
template <class T>
void column_sum(int64_t count, int64_t n, const T* x, int64_t ldx, T* out, bool accumulate) {
  each_column_range(count, n, [&](int64_t begin, int64_t end) {
    if (!accumulate) std::fill(out + begin, out + end, T(0));
    for (int64_t r = 0; r < count; r++) rows<T>().add(end - begin, out + begin, x + r * ldx + begin, out + begin);
  });
}
namespace {
// Pieces of a fixed size, each summed by its own kernel call, joined in order.
template <class T, class F>
double sum_pieces(int64_t n, F&& piece) {
  constexpr int64_t kPiece = 4096;
  const int64_t count = (n + kPiece - 1) / kPiece;
  double* parts = scratch<double>(ScratchSlot::Row, size_t(count) + 1);
  parallel_for(count, 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) parts[i] = double(piece(i * kPiece, std::min(kPiece, n - i * kPiece)));
  });
  double total = 0;
  for (int64_t i = 0; i < count; i++) total += parts[i];
  return total;
}
}  // namespace
template <class T>
double sum(int64_t n, const T* x) {
  return sum_pieces<T>(n, [&](int64_t i, int64_t length) { return rows<T>().sum(length, x + i); });
}
template <class T>
double sum_squares(int64_t n, const T* x) {
  return sum_pieces<T>(n, [&](int64_t i, int64_t length) { return rows<T>().dot(length, x + i, x + i); });
}
template <class T>
void argmax(int64_t count, int64_t n, const T* x, int64_t ldx, int64_t* out) {
  each_row(count, n, [&](int64_t r) { out[r] = rows<T>().argmax(n, x + r * ldx); });
}

template <class T>
void cross_entropy(int64_t count, int64_t n, const T* logits, int64_t ld, const int64_t* targets, int64_t ignore_index,
                   double label_smoothing, T* loss, T* lse) {
  for (int64_t r = 0; r < count; r++)
    check<IndexError>(targets[r] == ignore_index || (targets[r] >= 0 && targets[r] < n), "cross_entropy: found target ",
                      targets[r], " in row ", r, ", needed 0 to ", n - 1, " or ignore_index ", ignore_index);
  each_row(count, n, [&](int64_t r) {
    const T* row = logits + r * ld;
    lse[r] = n > 0 ? lse_of(n, row) : T(0);
    if (targets[r] == ignore_index) {
      loss[r] = 0;
      return;
    }
    T value = (1 - T(label_smoothing)) * (lse[r] - row[targets[r]]);
    if (label_smoothing > 0) value += T(label_smoothing) * (lse[r] - rows<T>().sum(n, row) / T(n));
    loss[r] = value;
  });
}
template <class T>
void cross_entropy_backward(int64_t count, int64_t n, const T* logits, int64_t ld, const int64_t* targets,
                            int64_t ignore_index, double label_smoothing, const T* lse, const T* dloss, T* dlogits,
                            int64_t lddx) {
  each_row(count, n, [&](int64_t r) {
    T* out = dlogits + r * lddx;
    if (targets[r] == ignore_index) {
      std::fill(out, out + n, T(0));
      return;
    }
    rows<T>().exp_sum(n, logits + r * ld, lse[r], out);
    if (label_smoothing > 0)
      for (int64_t j = 0; j < n; j++) out[j] -= T(label_smoothing) / T(n);
    out[targets[r]] -= 1 - T(label_smoothing);
    rows<T>().scale(n, dloss[r], out, out);
  });
}

template <class T>
void rope(const RopeArgs<T>& a) {
  check<ShapeError>(a.rotary_dim >= 0 && a.rotary_dim % 2 == 0 && a.rotary_dim <= a.head_dim,
                    "rope: found rotary dimension ", a.rotary_dim, ", needed an even number up to the head dimension ",
                    a.head_dim);
  const int64_t half = a.rotary_dim / 2;
  const T sign = a.inverse ? T(-1) : T(1);
  const auto rotate = a.interleaved ? rows<T>().rope_interleaved : rows<T>().rope_half;
  each_row(a.tokens, a.heads * a.head_dim, [&](int64_t t) {
    const int64_t p = (a.positions ? a.positions[t] : t) * half;
    for (int64_t h = 0; h < a.heads; h++) {
      const T* x = a.x + t * a.x_token + h * a.x_head;
      T* y = a.y + t * a.y_token + h * a.y_head;
      rotate(half, x, a.cos + p, a.sin + p, sign, y);
      if (x != y) std::copy(x + a.rotary_dim, x + a.head_dim, y + a.rotary_dim);
    }
  });
}

template <class T>
void unary(Unary f, int64_t n, const T* x, T* y) {
  each_piece(n, [&](int64_t i, int64_t length) { rows<T>().unary[int(f)](length, x + i, y + i); });
}
template <class T>
void unary_grad(Unary f, int64_t n, const T* x, const T* dy, T* dx) {
  each_piece(n, [&](int64_t i, int64_t length) { rows<T>().unary_grad[int(f)](length, x + i, dy + i, dx + i); });
}
template <class T>
void glu(Unary f, int64_t count, int64_t n, const T* gate, int64_t ldg, const T* up, int64_t ldu, T* out, int64_t ldo) {
  const auto part = [&](int64_t r, int64_t i, int64_t length) {
    rows<T>().glu[int(f)](length, gate + r * ldg + i, up + r * ldu + i, out + r * ldo + i);
  };
  if (count > kFewRows) return each_row(count, n, [&](int64_t r) { part(r, 0, n); });
  each_column_range(count, n, [&](int64_t begin, int64_t end) {
    for (int64_t r = 0; r < count; r++) part(r, begin, end - begin);
  });
}
template <class T>
void glu_grad(Unary f, int64_t count, int64_t n, const T* gate, int64_t ldg, const T* up, int64_t ldu, const T* dout,
              int64_t ldo, T* dgate, int64_t lddg, T* dup, int64_t lddu) {
  each_row(count, n, [&](int64_t r) {
    rows<T>().glu_grad[int(f)](n, gate + r * ldg, up + r * ldu, dout + r * ldo, dgate + r * lddg, dup + r * lddu);
  });
}
template <class T>
void add(int64_t n, const T* a, const T* b, T* y) {
  each_piece(n, [&](int64_t i, int64_t length) { rows<T>().add(length, a + i, b + i, y + i); });
}
template <class T>
void sub(int64_t n, const T* a, const T* b, T* y) {
  each_piece(n, [&](int64_t i, int64_t length) { rows<T>().sub(length, a + i, b + i, y + i); });
}
template <class T>
void mul(int64_t n, const T* a, const T* b, T* y) {
  each_piece(n, [&](int64_t i, int64_t length) { rows<T>().mul(length, a + i, b + i, y + i); });
}
template <class T>
void scale(int64_t n, T alpha, const T* x, T* y) {
  each_piece(n, [&](int64_t i, int64_t length) { rows<T>().scale(length, alpha, x + i, y + i); });
}
template <class T>
void scale_add(int64_t n, T alpha, const T* x, T* y) {
  each_piece(n, [&](int64_t i, int64_t length) { rows<T>().scale_add(length, alpha, x + i, y + i); });
}
template <class T>
void add_bias(int64_t count, int64_t n, T* y, int64_t ldy, Gain bias) {
  check_gain<T>("add_bias", bias);
  if (!bias.data) return;
  each_row(count, n, [&](int64_t r) { rows<T>().add_gain(n, y + r * ldy, bias.data, bias.dtype); });
}
template <class T>
void bias_unary(Unary f, int64_t count, int64_t n, T* y, int64_t ldy, Gain bias) {
  check_gain<T>("bias_unary", bias);
  each_row(count, n, [&](int64_t r) {
    T* row = y + r * ldy;
    if (bias.data) rows<T>().add_gain(n, row, bias.data, bias.dtype);
    rows<T>().unary[int(f)](n, row, row);
  });
}
template <class T>
void add_layer_norm(int64_t count, int64_t n, T* y, Gain bias, const T* residual, Gain w, Gain b, double eps) {
  for (const Gain& g : {bias, w, b}) check_gain<T>("add_layer_norm", g);
  if (n <= 0) return;
  each_row(count, n, [&](int64_t r) {
    T *row = y + r * n, mean, rstd;
    if (bias.data) rows<T>().add_gain(n, row, bias.data, bias.dtype);
    rows<T>().add(n, row, residual + r * n, row);
    rows<T>().layer_norm(n, row, w.data, w.dtype, b.data, b.dtype, T(eps), row, &mean, &rstd);
  });
}

void convert(int64_t n, const void* src, DType from, void* dst, DType to) {
  check<DtypeError>(is_floating(from) && is_computable(from) && is_floating(to) && is_computable(to), "convert: found ",
                    dtype_name(from), " to ", dtype_name(to), ", needed float32, float64, bfloat16 or float16");
  const auto in = [=](int64_t i) { return static_cast<const char*>(src) + i * int64_t(item_size(from)); };
  const auto out = [=](int64_t i) { return static_cast<char*>(dst) + i * int64_t(item_size(to)); };
  each_piece(n, [&](int64_t begin, int64_t length) {
    if (from == to) {
      std::memmove(out(begin), in(begin), size_t(length) * item_size(from));
    } else if (from == DType::Float64) {  // through float: a second rounding, as in torch
      visit_dtype(to, "convert", [&](auto tag) {
        using To = typename decltype(tag)::type;
        for (int64_t i = begin; i < begin + length; i++)
          static_cast<To*>(dst)[i] = To(float(static_cast<const double*>(src)[i]));
      });
    } else if (to == DType::Float64) {
      for (int64_t i = begin; i < begin + length; i++) static_cast<double*>(dst)[i] = reference::element(src, from, i);
    } else {
      kernels().convert(length, in(begin), from, out(begin), to);
    }
  });
}

#define EF_INSTANTIATE(T)                                                                                              \
  template void rms_norm(int64_t, int64_t, const T*, int64_t, Gain, double, bool, T*, int64_t, T*);                    \
  template void rms_norm_backward(int64_t, int64_t, const T*, int64_t, Gain, bool, const T*, const T*, int64_t, T*,    \
                                  int64_t, T*);                                                                        \
  template void layer_norm(int64_t, int64_t, const T*, int64_t, Gain, Gain, double, T*, int64_t, T*, T*);              \
  template void layer_norm_backward(int64_t, int64_t, const T*, int64_t, Gain, const T*, const T*, const T*, int64_t,  \
                                    T*, int64_t, T*, T*);                                                              \
  template void add_rms_norm(int64_t, int64_t, T*, const T*, Gain, double, bool, T*);                                  \
  template void softmax(int64_t, int64_t, const T*, int64_t, T*, int64_t);                                             \
  template void log_softmax(int64_t, int64_t, const T*, int64_t, T*, int64_t);                                         \
  template void softmax_backward(int64_t, int64_t, const T*, const T*, T*);                                            \
  template void log_softmax_backward(int64_t, int64_t, const T*, const T*, T*);                                        \
  template void logsumexp(int64_t, int64_t, const T*, int64_t, T*);                                                    \
  template void row_sum(int64_t, int64_t, const T*, int64_t, T*);                                                      \
  template void column_sum(int64_t, int64_t, const T*, int64_t, T*, bool);                                             \
  template double sum(int64_t, const T*);                                                                              \
  template double sum_squares(int64_t, const T*);                                                                      \
  template void argmax(int64_t, int64_t, const T*, int64_t, int64_t*);                                                 \
  template void cross_entropy(int64_t, int64_t, const T*, int64_t, const int64_t*, int64_t, double, T*, T*);           \
  template void cross_entropy_backward(int64_t, int64_t, const T*, int64_t, const int64_t*, int64_t, double, const T*, \
                                       const T*, T*, int64_t);                                                         \
  template void rope(const RopeArgs<T>&);                                                                              \
  template void unary(Unary, int64_t, const T*, T*);                                                                   \
  template void unary_grad(Unary, int64_t, const T*, const T*, T*);                                                    \
  template void glu(Unary, int64_t, int64_t, const T*, int64_t, const T*, int64_t, T*, int64_t);                       \
  template void glu_grad(Unary, int64_t, int64_t, const T*, int64_t, const T*, int64_t, const T*, int64_t, T*,         \
                         int64_t, T*, int64_t);                                                                        \
  template void add(int64_t, const T*, const T*, T*);                                                                  \
  template void sub(int64_t, const T*, const T*, T*);                                                                  \
  template void mul(int64_t, const T*, const T*, T*);                                                                  \
  template void scale(int64_t, T, const T*, T*);                                                                       \
  template void scale_add(int64_t, T, const T*, T*);                                                                   \
  template void add_bias(int64_t, int64_t, T*, int64_t, Gain);                                                         \
  template void bias_unary(Unary, int64_t, int64_t, T*, int64_t, Gain);                                                \
  template void add_layer_norm(int64_t, int64_t, T*, Gain, const T*, Gain, Gain, double);
EF_INSTANTIATE(float)
EF_INSTANTIATE(double)
#undef EF_INSTANTIATE

}  // namespace ef::rowwise
