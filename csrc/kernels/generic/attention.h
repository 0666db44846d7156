// Softmax steps of attention. Included inside an instruction set's namespace after math.h and gemm_panel.h.

// One key block of the online softmax, row by row: s becomes exp(s - m) with m the maximum so far, sum is updated, and
// correction is what earlier results have to be multiplied by. Rows have room for n rounded up to 16.
void online_softmax(int64_t rows, int64_t n, float* s, int64_t lds, float* max, float* sum, float* correction) {
  const float inf = __builtin_inff();
  const int64_t padded = (n + kW - 1) / kW * kW;
  for (int64_t r = 0; r < rows; r++, s += lds) {
    for (int64_t j = n; j < padded; j++) s[j] = -inf;
    F m = load(s);
    for (int64_t j = kW; j < padded; j += kW) m = vmax(m, load(s + j));
    const float before = max[r], block = hmax(m), now = block > before ? block : before;
    correction[r] = 1.f;
    if (now == -inf) {
      F total = zero();  // 0, or NaN if there is a NaN
      for (int64_t j = 0; j < padded; j += kW) {
        const F x = exp(load(s + j));
        store(s + j, x);
        total = total + x;
      }
      sum[r] += hsum(total);
      continue;
    }
    const F shift = set(now);
    F a = zero(), b = zero();
    int64_t j = 0;
    for (; j + 2 * kW <= padded; j += 2 * kW) {
      const F x = exp(load(s + j) - shift), y = exp(load(s + j + kW) - shift);
      store(s + j, x);
      store(s + j + kW, y);
      a = a + x;
      b = b + y;
    }
    if (j < padded) {
      const F x = exp(load(s + j) - shift);
      store(s + j, x);
      a = a + x;
    }
    if (now != before) {
      float c[kW];
      store(c, exp(set(before - now)));
      correction[r] = c[0];
      max[r] = now;
    }
    sum[r] = sum[r] * correction[r] + hsum(a + b);
  }
}

// ds = p·(dp - delta)·scale
void softmax_grad(int64_t n, const float* p, const float* dp, float delta, float scale, float* ds) {
  each(n, [=](int64_t i, int64_t l) {
    store_part(ds + i, load_part(p + i, l) * (load_part(dp + i, l) - set(delta)) * set(scale), l);
  });
}
