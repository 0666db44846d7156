#include "ops/recurrence.h"

#include <cmath>
#include <vector>

#include "core/thread_pool.h"
#include "ops/elementwise.h"
#include "ops/helpers.h"

namespace ef {
namespace {

Tensor plain(const Tensor& x, DType dtype) { return x.to(dtype).contiguous(); }

DType computing(std::initializer_list<const Tensor*> inputs) {
  DType dtype = DType::Float32;
  for (const Tensor* x : inputs)
    if (x->dtype() == DType::Float64) dtype = DType::Float64;
  return dtype;
}

struct ScanSizes {
  int64_t batch, time, channels, states, groups, width;  // width: channels a group
  bool one_decay;                                        // a has one column for all states
};

ScanSizes scan_sizes(const Tensor& x, const Tensor& dt, const Tensor& a, const Tensor& b, const Tensor& c) {
  check<ShapeError>(x.dim() == 3 && dt.shape() == x.shape() && b.dim() == 4 && c.shape() == b.shape() &&
                        b.size(0) == x.size(0) && b.size(1) == x.size(1) && b.size(2) > 0 &&
                        x.size(2) % b.size(2) == 0 && a.dim() == 2 && a.size(0) == x.size(2) &&
                        (a.size(1) == b.size(3) || a.size(1) == 1),
                    "selective_scan: found x ", x.shape(), ", dt ", dt.shape(), ", a ", a.shape(), ", b ", b.shape(),
                    ", c ", c.shape(), ", needed [batch, time, channels] twice, [channels, states], and twice ",
                    "[batch, time, groups, states]");
  ScanSizes s{x.size(0), x.size(1), x.size(2), b.size(3), b.size(2), 0, a.size(1) == 1};
  s.width = s.channels / s.groups;
  return s;
}

// One step of one channel: h [states] moves on. Returns Σ c · h; decays [states] when wanted.
template <class T>
T scan_step(const ScanSizes& s, T x, T dt, const T* a, const T* b, const T* c, T* h, T* decays) {
  const T in = x * dt, shared = s.one_decay ? std::exp(dt * a[0]) : 0;
  T y = 0;
  for (int64_t n = 0; n < s.states; n++) {
    const T decay = s.one_decay ? shared : std::exp(dt * a[n]);
    if (decays) decays[n] = decay;
    h[n] = decay * h[n] + in * b[n];
    y += c[n] * h[n];
  }
  return y;
}

// Gradients of one channel of one sequence. `h` holds the states before each step and after the last.
template <class T>
void scan_backward(const ScanSizes& s, const T* x, const T* dt, const T* a, const T* b, const T* c, const T* dy,
                   const T* h, const T* decays, T* dx, T* ddt, T* da, T* db, T* dc) {
  const int64_t row = s.groups * s.states;
  std::vector<T> carry(size_t(s.states), 0);
  for (int64_t t = s.time - 1; t >= 0; t--) {
    const T *before = h + t * s.states, *after = before + s.states, *decay = decays + t * s.states;
    T through_b = 0, through_decay = 0;
    for (int64_t n = 0; n < s.states; n++) {
      const T dh = dy[t * s.channels] * c[t * row + n] + carry[size_t(n)];
      through_b += dh * b[t * row + n];
      const T d_exponent = dh * decay[n] * before[n];
      const int64_t column = s.one_decay ? 0 : n;
      through_decay += d_exponent * a[column];
      da[column] += d_exponent * dt[t * s.channels];
      db[t * row + n] += dh * dt[t * s.channels] * x[t * s.channels];
      dc[t * row + n] += dy[t * s.channels] * after[n];
      carry[size_t(n)] = decay[n] * dh;
    }
    dx[t * s.channels] = dt[t * s.channels] * through_b;
    ddt[t * s.channels] = x[t * s.channels] * through_b + through_decay;
  }
}

}  // namespace

Recurrence selective_scan(const Tensor& x_in, const Tensor& dt_in, const Tensor& a_in, const Tensor& b_in,
                          const Tensor& c_in, const Tensor& state) {
  const DType dtype = computing({&x_in, &dt_in, &a_in, &b_in, &c_in});
  const Tensor x = plain(x_in, dtype), dt = plain(dt_in, dtype), a = plain(a_in, dtype), b = plain(b_in, dtype),
               c = plain(c_in, dtype);
  const ScanSizes s = scan_sizes(x, dt, a, b, c);
  const Shape state_shape{s.batch, s.channels, s.states};
  if (state.defined())
    check<ShapeError>(state.shape() == state_shape, "selective_scan: found a state ", state.shape(), ", needed ",
                      state_shape);
  const Tensor first = state.defined() ? plain(state.detach(), dtype) : Tensor::zeros(state_shape, dtype);
  Recurrence out{like(x), first.clone()};
  visit_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T *px = x.data<T>(), *pdt = dt.data<T>(), *pa = a.data<T>(), *pb = b.data<T>(), *pc = c.data<T>();
    T *py = out.y.mutable_data<T>(), *ph = out.state.mutable_data<T>();
    const int64_t row = s.groups * s.states, columns = a.size(1);
    parallel_for(s.batch * s.channels, std::max<int64_t>(1, 16384 / (s.time * s.states + 1)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; i++) {
                     const int64_t batch = i / s.channels, d = i % s.channels, group = d / s.width;
                     for (int64_t t = 0; t < s.time; t++) {
                       const int64_t at = (batch * s.time + t) * s.channels + d;
                       const int64_t bc = (batch * s.time + t) * row + group * s.states;
                       py[at] = scan_step(s, px[at], pdt[at], pa + d * columns, pb + bc, pc + bc, ph + i * s.states,
                                          static_cast<T*>(nullptr));
                     }
                   }
                 });
  });
  record("SelectiveScanBackward", out.y, {x, dt, a, b, c},
         [s, first, x = save(x), dt = save(dt), a = save(a), b = save(b), c = save(c)](const Tensor& dy_in) {
           const Tensor &vx = x.get(), &vdt = dt.get(), &va = a.get(), &vb = b.get(), &vc = c.get();
           const Tensor dy = plain(dy_in, vx.dtype());
           Tensor dx = like(vx), ddt = like(vx), da = Tensor::zeros(va.shape(), va.dtype()),
                  db = Tensor::zeros(vb.shape(), vb.dtype()), dc = Tensor::zeros(vb.shape(), vb.dtype());
           const int64_t row = s.groups * s.states, columns = va.size(1);
           visit_real(vx.dtype(), [&](auto tag) {
             using T = typename decltype(tag)::type;
             std::vector<T> h(size_t((s.time + 1) * s.states)), decays(size_t(s.time * s.states));
             for (int64_t i = 0; i < s.batch * s.channels; i++) {  // in turn: channels add to the same gradients
               const int64_t batch = i / s.channels, d = i % s.channels, group = d / s.width;
               const int64_t at = batch * s.time * s.channels + d, bc = batch * s.time * row + group * s.states;
               std::copy_n(first.data<T>() + i * s.states, s.states, h.data());
               for (int64_t t = 0; t < s.time; t++) {
                 T* next = h.data() + (t + 1) * s.states;
                 std::copy_n(next - s.states, s.states, next);
                 scan_step(s, vx.data<T>()[at + t * s.channels], vdt.data<T>()[at + t * s.channels],
                           va.data<T>() + d * columns, vb.data<T>() + bc + t * row, vc.data<T>() + bc + t * row, next,
                           decays.data() + t * s.states);
               }
               scan_backward(s, vx.data<T>() + at, vdt.data<T>() + at, va.data<T>() + d * columns, vb.data<T>() + bc,
                             vc.data<T>() + bc, dy.data<T>() + at, h.data(), decays.data(), dx.mutable_data<T>() + at,
                             ddt.mutable_data<T>() + at, da.mutable_data<T>() + d * columns, db.mutable_data<T>() + bc,
                             dc.mutable_data<T>() + bc);
             }
           });
           return Grads{dx, ddt, da, db, dc};
         });
  return out;
}

namespace {

struct DeltaSizes {
  int64_t batch, time, heads, keys, values;
};

// One head's step: state [keys, values] moves on; delta [values] is what it learned, y [values] what it says.
template <class T>
void delta_step(const DeltaSizes& s, const T* q, const T* k, const T* v, T decay, T beta, T* state, T* delta, T* y) {
  std::fill_n(delta, s.values, T(0));
  for (int64_t i = 0; i < s.keys; i++)
    for (int64_t j = 0; j < s.values; j++) {
      state[i * s.values + j] *= decay;
      delta[j] += k[i] * state[i * s.values + j];
    }
  for (int64_t j = 0; j < s.values; j++) delta[j] = beta * (v[j] - delta[j]);
  std::fill_n(y, s.values, T(0));
  for (int64_t i = 0; i < s.keys; i++)
    for (int64_t j = 0; j < s.values; j++) {
      state[i * s.values + j] += k[i] * delta[j];
      y[j] += q[i] * state[i * s.values + j];
    }
}

}  // namespace

Recurrence gated_delta_rule(const Tensor& q_in, const Tensor& k_in, const Tensor& v_in, const Tensor& g_in,
                            const Tensor& beta_in, const Tensor& state) {
  const DType dtype = computing({&q_in, &k_in, &v_in, &g_in, &beta_in});
  const Tensor q = plain(q_in, dtype), k = plain(k_in, dtype), v = plain(v_in, dtype), g = plain(g_in, dtype),
               beta = plain(beta_in, dtype);
  check<ShapeError>(q.dim() == 4 && k.shape() == q.shape() && v.dim() == 4 && g.dim() == 3 &&
                        beta.shape() == g.shape() && v.size(0) == q.size(0) && v.size(1) == q.size(1) &&
                        v.size(2) == q.size(2) && g.size(0) == q.size(0) && g.size(1) == q.size(1) &&
                        g.size(2) == q.size(2),
                    "gated_delta_rule: found q ", q.shape(), ", k ", k.shape(), ", v ", v.shape(), ", g ", g.shape(),
                    ", beta ", beta.shape());
  const DeltaSizes s{q.size(0), q.size(1), q.size(2), q.size(3), v.size(3)};
  const Shape state_shape{s.batch, s.heads, s.keys, s.values};
  if (state.defined())
    check<ShapeError>(state.shape() == state_shape, "gated_delta_rule: found a state ", state.shape(), ", needed ",
                      state_shape);
  const Tensor first = state.defined() ? plain(state.detach(), dtype) : Tensor::zeros(state_shape, dtype);
  Recurrence out{like(v), first.clone()};
  visit_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T *py = out.y.mutable_data<T>(), *ps = out.state.mutable_data<T>();
    parallel_for(s.batch * s.heads, 1, [&](int64_t begin, int64_t end) {
      std::vector<T> delta(static_cast<size_t>(s.values));
      for (int64_t i = begin; i < end; i++)
        for (int64_t t = 0; t < s.time; t++) {
          const int64_t at = (i / s.heads * s.time + t) * s.heads + i % s.heads;
          delta_step(s, q.data<T>() + at * s.keys, k.data<T>() + at * s.keys, v.data<T>() + at * s.values,
                     std::exp(g.data<T>()[at]), beta.data<T>()[at], ps + i * s.keys * s.values, delta.data(),
                     py + at * s.values);
        }
    });
  });
  record("GatedDeltaRuleBackward", out.y, {q, k, v, g, beta},
         [s, first, q = save(q), k = save(k), v = save(v), g = save(g), beta = save(beta)](const Tensor& dy_in) {
           const Tensor dy = plain(dy_in, q.get().dtype());
           Tensor dq = like(q.get()), dk = like(q.get()), dv = like(v.get()), dg = like(g.get()), dbeta = like(g.get());
           visit_real(q.get().dtype(), [&](auto tag) {
             using T = typename decltype(tag)::type;
             T *pdq = dq.mutable_data<T>(), *pdk = dk.mutable_data<T>(), *pdv = dv.mutable_data<T>(),
               *pdg = dg.mutable_data<T>(), *pdb = dbeta.mutable_data<T>();
             const int64_t size = s.keys * s.values;
             parallel_for(s.batch * s.heads, 1, [&](int64_t begin, int64_t end) {
               std::vector<T> states(size_t((s.time + 1) * size)), deltas(size_t(s.time * s.values)),
                   y(static_cast<size_t>(s.values)), d_state(static_cast<size_t>(size)), d_delta(size_t(s.values));
               for (int64_t head = begin; head < end; head++) {
                 auto place = [&](int64_t t) { return (head / s.heads * s.time + t) * s.heads + head % s.heads; };
                 std::copy_n(first.data<T>() + head * size, size, states.data());
                 for (int64_t t = 0; t < s.time; t++) {
                   T* next = states.data() + (t + 1) * size;
                   std::copy_n(next - size, size, next);
                   const int64_t at = place(t);
                   delta_step(s, q.get().data<T>() + at * s.keys, k.get().data<T>() + at * s.keys,
                              v.get().data<T>() + at * s.values, std::exp(g.get().data<T>()[at]),
                              beta.get().data<T>()[at], next, deltas.data() + t * s.values, y.data());
                 }
                 std::fill(d_state.begin(), d_state.end(), T(0));
                 for (int64_t t = s.time - 1; t >= 0; t--) {
                   const int64_t at = place(t);
                   const T *qt = q.get().data<T>() + at * s.keys, *kt = k.get().data<T>() + at * s.keys,
                           *vt = v.get().data<T>() + at * s.values, *dyt = dy.data<T>() + at * s.values;
                   const T decay = std::exp(g.get().data<T>()[at]), b = beta.get().data<T>()[at];
                   const T *after = states.data() + (t + 1) * size, *before = after - size;
                   const T* delta = deltas.data() + t * s.values;
                   std::fill(d_delta.begin(), d_delta.end(), T(0));
                   for (int64_t i = 0; i < s.keys; i++) {
                     T to_q = 0, to_k = 0;
                     for (int64_t j = 0; j < s.values; j++) {
                       T& d = d_state[size_t(i * s.values + j)];
                       d += qt[i] * dyt[j];
                       to_q += after[i * s.values + j] * dyt[j];
                       to_k += d * delta[j];
                       d_delta[size_t(j)] += kt[i] * d;
                     }
                     pdq[at * s.keys + i] = to_q;
                     pdk[at * s.keys + i] = to_k;
                   }
                   T to_beta = 0, to_g = 0;
                   for (int64_t j = 0; j < s.values; j++) {
                     T known = 0;  // what the decayed state says about this key
                     for (int64_t i = 0; i < s.keys; i++) known += kt[i] * decay * before[i * s.values + j];
                     to_beta += d_delta[size_t(j)] * (vt[j] - known);
                     d_delta[size_t(j)] *= b;
                     pdv[at * s.values + j] = d_delta[size_t(j)];
                   }
                   for (int64_t i = 0; i < s.keys; i++) {
                     T to_k = 0;
                     for (int64_t j = 0; j < s.values; j++) {
                       const T decayed = decay * before[i * s.values + j];
                       T& d = d_state[size_t(i * s.values + j)];
                       to_k += decayed * d_delta[size_t(j)];
                       d -= kt[i] * d_delta[size_t(j)];
                       to_g += d * decayed;
                       d *= decay;
                     }
                     pdk[at * s.keys + i] -= to_k;
                   }
                   pdb[at] = to_beta;
                   pdg[at] = to_g;
                 }
               }
             });
           });
           return Grads{dq, dk, dv, dg, dbeta};
         });
  return out;
}

Tensor causal_convolution(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check<ShapeError>(x.dim() == 3 && weight.dim() == 2 && weight.size(0) == x.size(2) && x.size(1) >= weight.size(1),
                    "causal_convolution: found x ", x.shape(), " and weight ", weight.shape(),
                    ", needed [batch, taps - 1 + time, channels] and [channels, taps]");
  const int64_t taps = weight.size(1), time = x.size(1) - taps + 1;
  const Tensor w = weight.to(real_compute(weight.dtype()));
  Tensor y;
  for (int64_t tap = 0; tap < taps; tap++) {
    const Tensor part = mul(x.narrow(1, tap, time), w.select(1, tap));
    y = y.defined() ? add(y, part) : part;
  }
  return bias.defined() ? add(y, bias.to(real_compute(bias.dtype()))) : y;
}

}  // namespace ef
