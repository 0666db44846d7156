// Elementwise loops, reductions and norms over one row. Included inside an instruction set's namespace after math.h and
// gemm_panel.h.

// Lane by lane through the C library, for functions that are rare in models.
inline F lanes(F x, float (*f)(float)) {
  float t[kW];
  store(t, x);
  for (int i = 0; i < kW; i++) t[i] = f(t[i]);
  return load(static_cast<const float*>(t));
}
inline float log1(float x) { return __builtin_logf(x); }

// f: value, d: derivative, both at x
struct OpExp {
  static F f(F x) { return exp_full(x); }
  static F d(F x) { return exp_full(x); }
};
struct OpLog {
  static F f(F x) { return lanes(x, log1); }
  static F d(F x) { return set(1.f) / x; }
};
struct OpRelu {
  static F f(F x) { return vmax(zero(), x); }
  static F d(F x) { return select_lt(zero(), x, set(1.f), zero()); }
};
struct OpRelu2 {
  static F f(F x) { return OpRelu::f(x) * OpRelu::f(x); }
  static F d(F x) { return OpRelu::f(x) + OpRelu::f(x); }
};
struct OpSigmoid {
  static F f(F x) { return sigmoid(x); }
  static F d(F x) { return sigmoid(x) * (set(1.f) - sigmoid(x)); }
};
struct OpTanh {
  static F f(F x) { return tanh(x); }
  static F d(F x) { return set(1.f) - tanh(x) * tanh(x); }
};
struct OpSilu {
  static F f(F x) { return x / (set(1.f) + exp(zero() - x)); }
  static F d(F x) {
    const F s = sigmoid(x);
    return s * fma(x, set(1.f) - s, set(1.f));
  }
};
struct OpGelu {
  static F f(F x) { return x * normal_cdf(x); }
  static F d(F x) { return fma(x * set(0.398942280f), exp(set(-0.5f) * x * x), normal_cdf(x)); }
};
struct OpGeluTanh {
  static F inner(F x) { return set(0.797884561f) * fma(set(0.044715f) * x, x * x, x); }
  static F f(F x) { return set(0.5f) * x * (set(1.f) + tanh(inner(x))); }
  static F d(F x) {
    const F t = tanh(inner(x)), slope = set(0.797884561f) * fma(set(0.134145f) * x, x, set(1.f));
    return set(0.5f) * fma(x * (set(1.f) - t * t), slope, set(1.f) + t);
  }
};
struct OpQuickGelu {
  static F f(F x) { return x * sigmoid(set(1.702f) * x); }
  static F d(F x) {
    const F s = sigmoid(set(1.702f) * x);
    return s * fma(set(1.702f) * x, set(1.f) - s, set(1.f));
  }
};
struct OpSoftplus {
  static F f(F x) { return vmax(zero(), x) + log1p_unit(exp(zero() - vabs(x))); }
  static F d(F x) { return sigmoid(x); }
};
struct OpMish {
  static F gate(F x) {  // tanh(softplus(x)) = n / (n + 2) with n = e·(e + 2), e = exp(x)
    const F e = exp(vmin(set(20.f), x)), n = e * (e + set(2.f));
    return n / (n + set(2.f));
  }
  static F f(F x) { return x * gate(x); }
  static F d(F x) {
    const F t = gate(x);
    return fma(x * sigmoid(x), set(1.f) - t * t, t);
  }
};
struct OpErf {
  static F f(F x) { return erf(x); }
  static F d(F x) { return set(1.12837917f) * exp(zero() - x * x); }
};
struct OpHardSigmoid {
  static F f(F x) { return vmin(set(1.f), vmax(zero(), fma(x, set(1.f / 6), set(0.5f)))); }
  static F d(F x) { return select_lt(vabs(x), set(3.f), set(1.f / 6), zero()); }
};
struct OpHardSwish {
  static F f(F x) { return x * OpHardSigmoid::f(x); }
  static F d(F x) {
    return select_lt(vabs(x), set(3.f), fma(x, set(1.f / 3), set(0.5f)), select_lt(x, zero(), zero(), set(1.f)));
  }
};

template <class Fn>
inline void each(int64_t n, Fn body) {  // body(offset, lanes)
  int64_t i = 0;
  for (; i + kW <= n; i += kW) body(i, kW);
  if (i < n) body(i, n - i);
}
template <class Op>
void map(int64_t n, const float* x, float* y) {
  each(n, [=](int64_t i, int64_t l) { store_part(y + i, Op::f(load_part(x + i, l)), l); });
}
template <class Op>
void map_grad(int64_t n, const float* x, const float* dy, float* dx) {
  each(n, [=](int64_t i, int64_t l) { store_part(dx + i, load_part(dy + i, l) * Op::d(load_part(x + i, l)), l); });
}
template <class Op>
void glu(int64_t n, const float* gate, const float* up, float* out) {
  each(n, [=](int64_t i, int64_t l) { store_part(out + i, Op::f(load_part(gate + i, l)) * load_part(up + i, l), l); });
}
template <class Op>
void glu_grad(int64_t n, const float* gate, const float* up, const float* dout, float* dgate, float* dup) {
  each(n, [=](int64_t i, int64_t l) {
    const F g = load_part(gate + i, l), u = load_part(up + i, l), d = load_part(dout + i, l);
    store_part(dgate + i, d * u * Op::d(g), l);
    store_part(dup + i, d * Op::f(g), l);
  });
}

void add(int64_t n, const float* a, const float* b, float* y) {
  each(n, [=](int64_t i, int64_t l) { store_part(y + i, load_part(a + i, l) + load_part(b + i, l), l); });
}
void sub(int64_t n, const float* a, const float* b, float* y) {
  each(n, [=](int64_t i, int64_t l) { store_part(y + i, load_part(a + i, l) - load_part(b + i, l), l); });
}
void mul(int64_t n, const float* a, const float* b, float* y) {
  each(n, [=](int64_t i, int64_t l) { store_part(y + i, load_part(a + i, l) * load_part(b + i, l), l); });
}
void scale(int64_t n, float alpha, const float* x, float* y) {
  each(n, [=](int64_t i, int64_t l) { store_part(y + i, set(alpha) * load_part(x + i, l), l); });
}
void scale_add(int64_t n, float alpha, const float* x, float* y) {
  each(n,
       [=](int64_t i, int64_t l) { store_part(y + i, fma(set(alpha), load_part(x + i, l), load_part(y + i, l)), l); });
}
void add_scalar(int64_t n, float alpha, const float* x, float* y) {
  each(n, [=](int64_t i, int64_t l) { store_part(y + i, load_part(x + i, l) + set(alpha), l); });
}
void add_product(int64_t n, const float* x, float shift, float scale, const float* dy, float* dw) {
  each(n, [=](int64_t i, int64_t l) {
    const F hat = (load_part(x + i, l) - set(shift)) * set(scale);
    store_part(dw + i, fma(load_part(dy + i, l), hat, load_part(dw + i, l)), l);
  });
}
template <class T>
inline F load_any(const T* p, int64_t l) {
  return l >= kW ? load(p) : load_n(p, l);
}
template <class T>
inline void store_any(T* p, F v, int64_t l) {
  l >= kW ? store(p, v) : store_n(p, v, l);
}

void add_gain(int64_t n, float* y, const void* bias, DType dtype) {
  with_type(bias, dtype, [=](auto* b) {
    each(n, [=](int64_t i, int64_t l) { store_part(y + i, load_part(y + i, l) + load_any(b + i, l), l); });
  });
}
template <class T>
inline void widen_to(int64_t n, const T* src, void* dst, DType to) {
  each(n, [=](int64_t i, int64_t l) {
    const F v = load_any(src + i, l);
    if (to == DType::Float32)
      store_any(static_cast<float*>(dst) + i, v, l);
    else if (to == DType::BFloat16)
      store_any(static_cast<bfloat16*>(dst) + i, v, l);
    else
      store_any(static_cast<float16*>(dst) + i, v, l);
  });
}
void convert(int64_t n, const void* src, DType from, void* dst, DType to) {
  with_type(src, from, [=](auto* p) { widen_to(n, p, dst, to); });
}

// Four accumulators in a fixed order; missing lanes of the tail count as `empty`.
template <class Term, class Join>
inline F reduce(int64_t n, F empty, Term term, Join join) {
  F s[4] = {empty, empty, empty, empty};
  int64_t i = 0;
  for (; i + 4 * kW <= n; i += 4 * kW) {
#pragma GCC unroll 4
    for (int u = 0; u < 4; u++) s[u] = join(s[u], term(i + u * kW, kW));
  }
  for (; i + kW <= n; i += kW) s[0] = join(s[0], term(i, kW));
  if (i < n) s[1] = join(s[1], term(i, n - i));
  return join(join(s[0], s[1]), join(s[2], s[3]));
}
inline F plus(F a, F b) { return a + b; }

float row_max(int64_t n, const float* x) {
  if (n == 0) return -__builtin_inff();
  const F start = set(x[0]);
  return hmax(reduce(
      n, start,
      [=](int64_t i, int64_t l) {
        if (l == kW) return load(x + i);
        float t[kW];
        store(t, start);
        for (int64_t j = 0; j < l; j++) t[j] = x[i + j];
        return load(static_cast<const float*>(t));
      },
      vmax));
}
int64_t row_argmax(int64_t n, const float* x) {
  const F one = set(1.f);
  const bool nan =
      hsum(reduce(
          n, zero(), [=](int64_t i, int64_t l) { return select_nan(load_part(x + i, l), one, zero()); }, plus)) > 0;
  const float m = row_max(n, x);
  int64_t i = 0;
  if (!nan)  // pass over what is smaller
    for (; i + 4 * kW <= n; i += 4 * kW) {
      const F top = vmax(vmax(load(x + i), load(x + i + kW)), vmax(load(x + i + 2 * kW), load(x + i + 3 * kW)));
      if (hmax(top) >= m) break;
    }
  for (; i < n; i++)
    if (nan ? x[i] != x[i] : x[i] == m) return i;
  return 0;
}
float row_sum(int64_t n, const float* x) {
  return hsum(reduce(
      n, zero(), [=](int64_t i, int64_t l) { return load_part(x + i, l); }, plus));
}
float row_dot(int64_t n, const float* a, const float* b) {
  return hsum(reduce(
      n, zero(), [=](int64_t i, int64_t l) { return load_part(a + i, l) * load_part(b + i, l); }, plus));
}
float exp_sum(int64_t n, const float* x, float shift, float* y) {
  const F s = set(shift);
  F total = reduce(
      n / kW * kW, zero(),
      [=](int64_t i, int64_t) {
        const F e = exp(load(x + i) - s);
        if (y) store(y + i, e);
        return e;
      },
      plus);
  if (const int64_t done = n / kW * kW; done < n) {
    float t[kW] = {};
    store(t, exp(load_n(x + done, n - done) - s));
    for (int64_t j = n - done; j < kW; j++) t[j] = 0;
    const F e = load(static_cast<const float*>(t));
    if (y) store_n(y + done, e, n - done);
    total = total + e;
  }
  return hsum(total);
}

// f(loader), where loader(i, lanes) gives the gain at i; an absent gain is all `absent`.
template <class Fn>
inline void with_gain(const void* w, DType dtype, float offset, Fn f) {
  if (!w) return f([=](int64_t, int64_t) { return set(1.f); });
  with_type(w, dtype, [=](auto* p) { f([=](int64_t i, int64_t l) { return load_any(p + i, l) + set(offset); }); });
}

float rms_norm(int64_t n, const float* x, const void* w, DType wd, float eps, bool unit_offset, float* y) {
  const float rstd = 1.f / __builtin_sqrtf(row_dot(n, x, x) / float(n) + eps);
  with_gain(w, wd, unit_offset ? 1.f : 0.f, [=](auto gain) {
    each(n, [=](int64_t i, int64_t l) { store_part(y + i, load_part(x + i, l) * set(rstd) * gain(i, l), l); });
  });
  return rstd;
}
// x̂ = x·rstd, g = dy·w: dx = rstd·(g - x̂·mean(g·x̂))
void rms_norm_grad(int64_t n, const float* x, const void* w, DType wd, bool unit_offset, float rstd, const float* dy,
                   float* dx) {
  with_gain(w, wd, unit_offset ? 1.f : 0.f, [=](auto gain) {
    const float dot = hsum(reduce(
        n, zero(), [=](int64_t i, int64_t l) { return load_part(dy + i, l) * gain(i, l) * load_part(x + i, l); },
        plus));
    const F r = set(rstd), c = set(dot * rstd * rstd * rstd / float(n));
    each(n, [=](int64_t i, int64_t l) {
      store_part(dx + i, load_part(dy + i, l) * gain(i, l) * r - load_part(x + i, l) * c, l);
    });
  });
}
void layer_norm(int64_t n, const float* x, const void* w, DType wd, const void* b, DType bd, float eps, float* y,
                float* mean_out, float* rstd_out) {
  const float mean = row_sum(n, x) / float(n);
  const F m = set(mean);
  const int64_t full = n / kW * kW;
  float var = hsum(reduce(
      full, zero(), [=](int64_t i, int64_t) { return (load(x + i) - m) * (load(x + i) - m); }, plus));
  for (int64_t i = full; i < n; i++) var += (x[i] - mean) * (x[i] - mean);
  const float rstd = 1.f / __builtin_sqrtf(var / float(n) + eps);
  with_gain(w, wd, 0.f, [=](auto gain) {
    each(n, [=](int64_t i, int64_t l) { store_part(y + i, (load_part(x + i, l) - m) * set(rstd) * gain(i, l), l); });
  });
  if (b) add_gain(n, y, b, bd);
  *mean_out = mean;
  *rstd_out = rstd;
}
// g = dy·w: dx = rstd·(g - mean(g) - x̂·mean(g·x̂))
void layer_norm_grad(int64_t n, const float* x, const void* w, DType wd, float mean, float rstd, const float* dy,
                     float* dx) {
  with_gain(w, wd, 0.f, [=](auto gain) {
    const F m = set(mean), r = set(rstd);
    const float total = hsum(reduce(
        n, zero(), [=](int64_t i, int64_t l) { return load_part(dy + i, l) * gain(i, l); }, plus));
    const float dot = hsum(reduce(
        n, zero(),
        [=](int64_t i, int64_t l) { return load_part(dy + i, l) * gain(i, l) * (load_part(x + i, l) - m) * r; }, plus));
    const F a = set(total / float(n)), c = set(dot / float(n));
    each(n, [=](int64_t i, int64_t l) {
      const F hat = (load_part(x + i, l) - m) * r;
      store_part(dx + i, (load_part(dy + i, l) * gain(i, l) - a - hat * c) * r, l);
    });
  });
}

void rope_half(int64_t half, const float* x, const float* cos, const float* sin, float sign, float* y) {
  each(half, [=](int64_t i, int64_t l) {
    const F a = load_part(x + i, l), b = load_part(x + half + i, l), c = load_part(cos + i, l),
            s = load_part(sin + i, l) * set(sign);
    store_part(y + i, a * c - b * s, l);
    store_part(y + half + i, b * c + a * s, l);
  });
}
void rope_interleaved(int64_t half, const float* x, const float* cos, const float* sin, float sign, float* y) {
  for (int64_t i = 0; i < half; i++) {
    const float a = x[2 * i], b = x[2 * i + 1], c = cos[i], s = sin[i] * sign;
    y[2 * i] = a * c - b * s;
    y[2 * i + 1] = b * c + a * s;
  }
}
