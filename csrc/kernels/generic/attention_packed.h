// Attention of few queries over keys and values of small integers (PackedKv). Codes meet codes: queries, and
// probabilities times the steps of the values, are split into two parts of 8 bits, which rounds them by
// 2⁻¹⁵ of the largest number of their group; all sums of products are exact. 16 bytes of a position are 16 numbers, or
// 32 of 4 bits: two planes. Included inside an instruction set's namespace after attention_decode.h.

constexpr int kPartsMost = 127 * 128;

// x [n] ≈ scale·(128·high + low); returns scale. All become 0 if one is infinite. n is a multiple of kW.
inline float split_parts(int64_t n, const float* x, int8_t* high, int8_t* low) {
  F extreme = zero();
  for (int64_t i = 0; i < n; i += kW) extreme = vmax(extreme, vabs(load(x + i)));
  const float largest = hmax(extreme);
  const bool usable = largest > 0x1p-100f && largest < __builtin_inff();  // the inverse of a smaller one may overflow
  const F inverse = set(usable ? kPartsMost / largest : 0.f), minus = set(-128.f);
  for (int64_t i = 0; i < n; i += kW) {
    const F v = load(x + i) * inverse, h = round_even(v * set(1 / 128.f));
    store_s8(high + i, h);
    store_s8(low + i, fma(h, minus, v));
  }
  return usable ? largest / kPartsMost : 0;
}

// A packed query: high [dim], low [dim], then scale and sum of each group; both NaN for what is not finite.
void packed_query(int64_t dim, int64_t group, const float* q, void* dst) {
  int8_t *high = static_cast<int8_t*>(dst), *low = high + dim;
  float* scales = reinterpret_cast<float*>(low + dim);
  for (int64_t at = 0; at < dim; at += group, scales += 2) {
    const int64_t n = dim - at < group ? dim - at : group;
    F sum = zero();
    for (int64_t i = 0; i < n; i += kW) sum = sum + load(q + at + i);
    scales[1] = hsum(sum);
    if (scales[1] * 0 == 0) {
      scales[0] = split_parts(n, q + at, high + at, low + at);
    } else {
      for (int64_t i = at; i < at + n; i++) high[i] = low[i] = 0;
      scales[0] = scales[1] = __builtin_nanf("");
    }
  }
}

// The dot products of kW keys, a lane each, and MR queries: four bytes of all keys meet four numbers of each query.
template <int kBits, int MR>
struct PackedDots {
  static constexpr int kPlanes = 8 / kBits;
  I high[MR], low[MR];
  PackedDots() {
#pragma GCC unroll 4
    for (int r = 0; r < MR; r++) high[r] = low[r] = bits_i(zero());
  }
  // x: the first query's high parts that belong to the bytes, low parts `dim` behind, the next query's `ldq`
  void add(I bytes, const char* x, int64_t dim, int64_t ldq) {
#pragma GCC unroll 2
    for (int plane = 0; plane < kPlanes; plane++) {
      const I codes = kBits == 8 ? bytes : bits(bytes, 4 * plane, 15);
      const auto* to = reinterpret_cast<const int8_t*>(x + 16 * plane);
#pragma GCC unroll 4
      for (int r = 0; r < MR; r++) {
        high[r] = in_register(dot4(high[r], codes, repeat4(to + r * ldq)));
        low[r] = in_register(dot4(low[r], codes, repeat4(to + r * ldq + dim)));
      }
    }
  }
};

template <int kBits, int MR>
void packed_score_rows(const PackedPart& k, const char* q, float* s, int64_t lds, int64_t ahead) {
  constexpr int kPlanes = 8 / kBits;
  const int64_t dim = k.dim, ldq = query_bytes(dim), stride = k.stride;
  for (int64_t j = 0; j < kKeyChunk; j += kW) {
    const char* rows = reinterpret_cast<const char*>(k.codes) + j * stride;
    for (int64_t b = 0; b < kW * stride; b += 64) fetch_line(rows + b, ahead);
    F sums[MR];
#pragma GCC unroll 4
    for (int r = 0; r < MR; r++) sums[r] = zero();
    const float* range = k.ranges + j;
    const char* scales = q + 2 * dim;
    for (int64_t at = 0; at < dim; range += 2 * k.range_stride, scales += 2 * sizeof(float)) {
      const int64_t end = dim - at < k.group ? dim : at + k.group;
      PackedDots<kBits, MR> dots;
      for (; at + 4 * kW * kPlanes <= end; at += 4 * kW * kPlanes) {
        const char* four[kW / 4];  // every fourth row, as in dot_tile
#pragma GCC unroll 4
        for (int i = 0; i < kW; i += 4) four[i / 4] = rows + i * stride + at / kPlanes;
        F lines[kW];
#pragma GCC unroll 16
        for (int i = 0; i < kW; i++) lines[i] = load(reinterpret_cast<const float*>(four[i / 4] + i % 4 * stride));
        transpose(lines);
#pragma GCC unroll 16
        for (int d = 0; d < kW; d++)
          dots.add(bits_i(lines[d]), q + at + 16 * kPlanes * (d / 4) + 4 * (d % 4), dim, ldq);
      }
      for (; at < end; at += 16 * kPlanes) {
        F quads[4];
        load_quads(rows + at / kPlanes, stride, quads);
#pragma GCC unroll 4
        for (int d = 0; d < 4; d++) dots.add(bits_i(quads[d]), q + at + 4 * d, dim, ldq);
      }
      const F base = load(range), step = load(range + k.range_stride);
#pragma GCC unroll 4
      for (int r = 0; r < MR; r++) {
        float scale[2];  // and the sum of the query's numbers
        __builtin_memcpy(scale, scales + r * ldq, sizeof(scale));
        const F products = fma(to_float(dots.high[r]), set(128 * scale[0]), to_float(dots.low[r]) * set(scale[0]));
        sums[r] = fma(step, products, fma(base, set(scale[1]), sums[r]));
      }
    }
#pragma GCC unroll 4
    for (int r = 0; r < MR; r++) store(s + r * lds + j, sums[r]);
  }
}

// The probabilities of a chunk's keys times the steps of a group of their values.
struct PackedWeights {
  alignas(64) int8_t high[kKeyChunk], low[kKeyChunk];
  float scale, base;  // base: Σ p · low of the range
};
inline void packed_weights(const float* p, const float* range, int64_t range_stride, PackedWeights& w) {
  alignas(64) float x[kKeyChunk];
  F base = zero();
  for (int64_t j = 0; j < kKeyChunk; j += kW) {
    const F v = load(p + j);
    base = fma(v, load(range + j), base);
    store(x + j, v * load(range + range_stride + j));
  }
  w.base = hsum(base);
  if (w.base * 0 == 0) {
    w.scale = split_parts(kKeyChunk, x, w.high, w.low);
  } else {
    w = {};
    w.base = __builtin_nanf("");
  }
}

// Columns `byte` to `byte + width` of the values, at most 4·kW: of each 16 of them the four quads from kFirst on,
// kCount at a time. Lanes are numbers of the values, and four bytes are those of four positions.
template <int kBits, int MR, int kFirst, int kCount>
void packed_value_columns(const PackedPart& v, int64_t byte, int64_t width, const PackedWeights* w, float* o,
                          int64_t ldo, int64_t ahead) {
  constexpr int kPlanes = 8 / kBits;
  I high[MR][kCount][kPlanes], low[MR][kCount][kPlanes];
#pragma GCC unroll 4
  for (int m = 0; m < MR; m++)
#pragma GCC unroll 4
    for (int c = 0; c < kCount; c++)
#pragma GCC unroll 2
      for (int plane = 0; plane < kPlanes; plane++) high[m][c][plane] = low[m][c][plane] = bits_i(zero());
  const uint8_t* from = v.codes + byte;
  for (int64_t j = 0; j < kKeyChunk; j += 4, from += 4 * v.stride) {
    I r[4];
#pragma GCC unroll 4
    for (int64_t i = 0; i < 4; i++) {
      if (kFirst == 0) fetch_line(from + i * v.stride, ahead);
      r[i] = load_bytes(from + i * v.stride, width);
    }
    interleave_bytes(r);
#pragma GCC unroll 4
    for (int c = 0; c < kCount; c++)
#pragma GCC unroll 2
      for (int plane = 0; plane < kPlanes; plane++) {
        const I codes = kBits == 8 ? r[kFirst + c] : bits(r[kFirst + c], 4 * plane, 15);
#pragma GCC unroll 4
        for (int m = 0; m < MR; m++) {
          high[m][c][plane] = in_register(dot4(high[m][c][plane], codes, repeat4(w[m].high + j)));
          low[m][c][plane] = in_register(dot4(low[m][c][plane], codes, repeat4(w[m].low + j)));
        }
      }
  }
#pragma GCC unroll 4
  for (int m = 0; m < MR; m++)
#pragma GCC unroll 4
    for (int c = 0; c < kCount; c++) {
#pragma GCC unroll 2
      for (int plane = 0; plane < kPlanes; plane++)
        store_quads(o + m * ldo + byte * kPlanes + 16 * plane + 4 * (kFirst + c), 16 * kPlanes, width / 16,
                    fma(to_float(high[m][c][plane]), set(128 * w[m].scale),
                        fma(to_float(low[m][c][plane]), set(w[m].scale), set(w[m].base))));
    }
  if constexpr (kFirst + kCount < 4)
    packed_value_columns<kBits, MR, kFirst + kCount, kCount>(v, byte, width, w, o, ldo, ahead);
}

template <int kBits, int MR>
void packed_value_rows(const PackedPart& v, const float* p, int64_t ldp, float* o, int64_t ahead) {
  constexpr int kSums = kDotAccs, kColumns = kSums / (2 * MR * (8 / kBits));
  constexpr int kCount = kColumns >= 4 ? 4 : kColumns >= 2 ? 2 : 1;
  const int64_t bytes = v.dim * kBits / 8, group = v.group * kBits / 8;
  const float* range = v.ranges;
  for (int64_t at = 0; at < bytes; range += 2 * v.range_stride) {
    PackedWeights w[MR];
    for (int m = 0; m < MR; m++) packed_weights(p + m * ldp, range, v.range_stride, w[m]);
    const int64_t end = bytes - at < group ? bytes : at + group;
    for (; at < end; at += 4 * kW)
      packed_value_columns<kBits, MR, 0, kCount>(v, at, end - at < 4 * kW ? end - at : 4 * kW, w, o, v.dim, ahead);
    at = end;
  }
}

template <int kBits, int MR = kQueryRows>
void packed_scores_any(int64_t rows, const PackedPart& k, const void* q, float* s, int64_t lds, int64_t ahead) {
  if (rows == MR) return packed_score_rows<kBits, MR>(k, static_cast<const char*>(q), s, lds, ahead);
  if constexpr (MR > 1) packed_scores_any<kBits, MR - 1>(rows, k, q, s, lds, ahead);
}
template <int kBits, int MR = kQueryRows>
void packed_values_any(int64_t rows, const PackedPart& v, const float* p, int64_t ldp, float* o, int64_t ahead) {
  if (rows == MR) return packed_value_rows<kBits, MR>(v, p, ldp, o, ahead);
  if constexpr (MR > 1) packed_values_any<kBits, MR - 1>(rows, v, p, ldp, o, ahead);
}
void packed_scores(int64_t rows, const PackedPart& k, const void* q, float* s, int64_t lds, int64_t ahead) {
  k.bits == 8 ? packed_scores_any<8>(rows, k, q, s, lds, ahead) : packed_scores_any<4>(rows, k, q, s, lds, ahead);
}
void packed_values(int64_t rows, const PackedPart& v, const float* p, int64_t ldp, float* o, int64_t ahead) {
  v.bits == 8 ? packed_values_any<8>(rows, v, p, ldp, o, ahead) : packed_values_any<4>(rows, v, p, ldp, o, ahead);
}

// Positions as floats, out [positions, dim].
void unpack_codes(int64_t positions, const PackedPart& part, float* __restrict out) {
  for (int64_t p = 0; p < positions; p++, out += part.dim) {
    const uint8_t* codes = part.codes + p * part.stride;
    for (int64_t at = 0; at < part.dim; at += 32) {
      const int64_t n = part.dim - at < 32 ? part.dim - at : 32, half = (n + 1) / 2;
      float* to = out + at;
      if (part.bits == 8) {
        for (int64_t i = 0; i < n; i++) to[i] = float(int32_t(codes[at + i]));
      } else {
        for (int64_t i = 0; i < half; i++) to[i] = float(int32_t(codes[at / 2 + i] & 15));
        for (int64_t i = 0; i < n - half; i++) to[half + i] = float(int32_t(codes[at / 2 + i] >> 4));
      }
    }
    const float* range = part.ranges + p;
    for (int64_t at = 0; at < part.dim; at += part.group, range += 2 * part.range_stride) {
      const int64_t n = part.dim - at < part.group ? part.dim - at : part.group;
      const float low = range[0], step = range[part.range_stride];
      for (int64_t i = at; i < at + n; i++) out[i] = low + out[i] * step;
    }
  }
}
