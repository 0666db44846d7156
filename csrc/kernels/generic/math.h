// Elementary functions on vectors, f32 accuracy (a few units in the last place); polynomials are minimax fits.
// Included inside an instruction set's namespace after its vocabulary.

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
// The same, but 0 where the result would be subnormal: those cost some CPUs hundreds of cycles, and a masked score is one.
inline F exp(F x) {
  const F lowest = set(-87.33f);
  return select_lt(x, lowest, zero(), exp_core(vmin(set(89.f), vmax(lowest, x))));
}
inline F sigmoid(F x) { return set(1.f) / (set(1.f) + exp(zero() - x)); }
inline F tanh(F x) {
  const F a = vabs(x), u = x * x;
  const F small = fma(x * u, polynomial(u, {-3.333332895e-01f, 1.333277008e-01f, -5.385095315e-02f, 2.099735621e-02f,
                                            -6.096939859e-03f}), x);
  const F large = copysign(set(1.f) - set(2.f) / (exp(a + a) + set(1.f)), x);
  return select_nan(x, x, select_lt(a, set(0.625f), small, large));
}
inline F erf_small(F x) {  // |x| < 1
  return x * polynomial(x * x, {1.128379166e+00f, -3.761262582e-01f, 1.128358515e-01f, -2.685381191e-02f, 5.188327635e-03f,
                                -8.010193175e-04f, 7.853859863e-05f});
}
inline F erfc_large(F a) {  // a >= 1: exp(-a²)·t·P(t)
  const F t = set(1.f) / fma(set(0.5f), a, set(1.f));
  return exp(zero() - a * a) * t *
         polynomial(t, {2.820971721e-01f, 2.820640286e-01f, 2.467642756e-01f, 1.796542147e-01f, 5.878011976e-02f,
                        8.575569062e-02f, -2.289036933e-01f, 9.437594386e-02f});
}
inline F erf(F x) {
  const F a = vabs(x);
  return select_nan(x, x, select_lt(a, set(1.f), erf_small(x), copysign(set(1.f) - erfc_large(vmin(a, set(10.f))), x)));
}
inline F normal_cdf(F x) {  // Φ(x), with relative accuracy in the lower tail too
  const F z = x * set(0.707106781f), a = vabs(z);
  const F tail = set(0.5f) * erfc_large(vmin(a, set(15.f)));
  const F large = select_lt(z, zero(), tail, set(1.f) - tail);
  return select_nan(x, x, select_lt(a, set(1.f), fma(set(0.5f), erf_small(z), set(0.5f)), large));
}
