// Elementary functions on vectors, f32 accuracy (a few units in the last place); polynomials are minimax fits.
// Included inside an instruction set's namespace after its vocabulary.

// v, which is loaded once: compilers tend to read memory again for each use of a vector, which loads can't keep up
// with.
template <class V>
inline V in_register(V v) {
#if defined(__x86_64__)
  asm("" : "+v"(v));
#elif defined(__aarch64__)
  asm("" : "+w"(v));
#endif
  return v;
}

// Lane i = the sum of the lanes of v[i], each in the same order.
inline F transpose_sum(const F (&v)[kW]) {
  F s[kW / 4];
#pragma GCC unroll 4
  for (int i = 0; i < kW / 4; i++) s[i] = sum_quads(v[4 * i], v[4 * i + 1], v[4 * i + 2], v[4 * i + 3]);
  return join_quads(s);
}

template <int N>
inline F polynomial(F x, const float (&c)[N]) {  // c[0] + c[1]·x + …
  F p = set(c[N - 1]);
#pragma GCC unroll 16
  for (int i = N - 2; i >= 0; i--) p = fma(p, x, set(c[i]));
  return p;
}

// eˣ = 2ⁿ·eʳ, |r| <= ln2/2, for x in the range of the exponent.
inline F exp_core(F x) {
  const F n = round_even(x * set(1.44269504f));
  const F r = fma(n, set(-1.42860682e-6f), fma(n, set(-0.693145752f), x));  // ln 2 in two parts
  const F q = polynomial(r, {4.999999955e-01f, 1.666657696e-01f, 4.166685411e-02f, 8.363200056e-03f, 1.390130828e-03f});
  return pow2_scale(fma(r * r, q, r) + set(1.f), n);
}
// Overflow gives inf, underflow passes through the subnormal numbers to 0, NaN stays NaN.
inline F exp_full(F x) { return exp_core(vmin(set(89.f), vmax(set(-105.f), x))); }
// The same, but 0 where the result would be subnormal: those cost some CPUs hundreds of cycles, and a masked score is
// one.
inline F exp(F x) {
  const F lowest = set(-87.33f);
  return select_lt(x, lowest, zero(), exp_core(vmin(set(89.f), vmax(lowest, x))));
}
#ifndef EF_POW2
inline F pow2(F x) { return exp(x * set(0.693147181f)); }
#endif
inline F sigmoid(F x) { return set(1.f) / (set(1.f) + exp(zero() - x)); }
inline F tanh(F x) {
  const F a = vabs(x), u = x * x;
  const F small = fma(
      x * u,
      polynomial(u, {-3.333332895e-01f, 1.333277008e-01f, -5.385095315e-02f, 2.099735621e-02f, -6.096939859e-03f}), x);
  const F large = copysign(set(1.f) - set(2.f) / (exp(a + a) + set(1.f)), x);
  return select_nan(x, x, select_lt(a, set(0.625f), small, large));
}
inline F erf_small(F x) {  // |x| < 1
  return x * polynomial(x * x, {1.128379166e+00f, -3.761262582e-01f, 1.128358515e-01f, -2.685381191e-02f,
                                5.188327635e-03f, -8.010193175e-04f, 7.853859863e-05f});
}
inline F erfc(F a) {  // a >= 0: exp(-a²)·t·P(t), relative accuracy
  const F t = set(1.f) / fma(set(0.35f), a, set(1.f));
  return exp(zero() - a * a) * t *
         polynomial(t, {1.974776000e-01f, 1.972525272e-01f, 1.869974027e-01f, 1.552293376e-01f, 1.348059008e-01f,
                        1.071980353e-01f, -5.116843934e-02f, 1.985251109e-01f, -1.659852468e-01f, 3.966777974e-02f});
}
inline F erf(F x) {
  const F a = vabs(x);
  return select_nan(x, x, select_lt(a, set(1.f), erf_small(x), copysign(set(1.f) - erfc(vmin(a, set(10.f))), x)));
}
inline F normal_cdf(F x) {  // Φ(x), with relative accuracy in the lower tail too
  const F tail = set(0.5f) * erfc(vmin(set(15.f), vabs(x) * set(0.707106781f)));
  return select_lt(x, zero(), tail, set(1.f) - tail);
}
inline F log1p_unit(F y) {  // log(1 + y) for 0 <= y <= 1: 2·artanh(y / (2 + y))
  const F s = y / (y + set(2.f));
  return s * polynomial(s * s, {2.f, 6.666667931e-01f, 3.999869091e-01f, 2.862072201e-01f, 2.139325167e-01f,
                                2.441306443e-01f});
}
