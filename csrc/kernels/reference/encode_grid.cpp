#include "kernels/reference/encode_grid.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>

#include "kernels/generic/encode_fit.h"
#include "kernels/reference/encode_lattice.h"

namespace ef {
namespace {

void put_u16(uint8_t* p, uint32_t v) { p[0] = uint8_t(v), p[1] = uint8_t(v >> 8); }
void put_u32(uint8_t* p, uint32_t v) { put_u16(p, v), put_u16(p + 2, v >> 16); }
int rounded_within(float v, int low, int high) {  // ties to even
  const float r = (v + kMagic) - kMagic;
  return r < float(low) ? low : r > float(high) ? high : int(r);
}

const Lattice& lattice(QuantGrid grid) {
  static const auto make = [](QuantGrid g) -> const Lattice* {
    switch (g) {
      case QuantGrid::IQ1:
        return new Lattice(g, 2048, 8, 3, 3);
      case QuantGrid::IQ2XXS:
        return new Lattice(g, 256, 8, 3, 2);
      case QuantGrid::IQ2XS:
        return new Lattice(g, 512, 8, 3, 2);
      case QuantGrid::IQ2S:
        return new Lattice(g, 1024, 8, 3, 1);
      case QuantGrid::IQ3XXS:
        return new Lattice(g, 256, 4, 8, 2);
      default:
        return new Lattice(g, 512, 4, 8, 3);
    }
  };
  switch (grid) {  // each is made at its first use and kept
#define EF_LATTICE(name)                                 \
  case QuantGrid::name: {                                \
    static const Lattice& made = *make(QuantGrid::name); \
    return made;                                         \
  }
    EF_LATTICE(IQ1)
    EF_LATTICE(IQ2XXS)
    EF_LATTICE(IQ2XS)
    EF_LATTICE(IQ2S)
    EF_LATTICE(IQ3XXS)
    default:
      EF_LATTICE(IQ3S)
#undef EF_LATTICE
  }
}

// What tells the formats with signs apart.
struct Signed {
  QuantGrid grid;
  int block, length, levels;  // weights that share a scale; of a point; its digits' values
  bool even_signs;            // seven bits are kept: the number of minus signs is even
  int tries;
  float step, tiny;
  bool refit_all;
};
constexpr Signed kIq2Xxs = {QuantGrid::IQ2XXS, 32, 8, 3, true, 6, 0.1f, 1e-15f, true};
constexpr Signed kIq2Xs = {QuantGrid::IQ2XS, 16, 8, 3, true, 9, 0.1f, 1e-15f, false};
constexpr Signed kIq2S = {QuantGrid::IQ2S, 16, 8, 3, false, 9, 0.1f, 1e-8f, false};
constexpr Signed kIq3Xxs = {QuantGrid::IQ3XXS, 32, 4, 8, true, 15, 0.2f, 1e-8f, false};
constexpr Signed kIq3S = {QuantGrid::IQ3S, 32, 4, 8, false, 9, 0.2f, 0.f, true};

// One scale's worth of weights: ≈ scale * (2 * digit + 1) * sign.
struct Fitted {
  float scale = 0;
  uint8_t signs[4] = {};
  int index[8] = {};
};

class SignedFit {
 public:
  SignedFit(const Signed& kind, const float* x, const float* w) : k_(kind), lattice_(lattice(kind.grid)), w_(w) {
    for (int i = 0; i < k_.block; i++) root_[i] = std::sqrt(w[i]), v_[i] = std::fabs(x[i]);
    for (int g = 0; g < k_.block / 8; g++) {
      int minus = 0, least = 0;
      for (int i = 0; i < 8; i++)
        if (!(x[8 * g + i] >= 0)) minus++, fit_.signs[g] = uint8_t(fit_.signs[g] | 1 << i);
      if (!k_.even_signs) continue;
      if (minus % 2) {  // the weight that matters least takes the wrong sign
        float cost = 0;
        for (int i = 0; i < 8; i++) {
          const float c = w[8 * g + i] * x[8 * g + i] * x[8 * g + i];
          if (i == 0 || c < cost) cost = c, least = i;
        }
        v_[8 * g + least] = -v_[8 * g + least];
        fit_.signs[g] = uint8_t(fit_.signs[g] ^ 1 << least);
      }
      fit_.signs[g] &= 127;
    }
  }

  Fitted operator()() {
    float greatest = v_[0];
    for (int i = 1; i < k_.block; i++) greatest = std::max(greatest, v_[i]);
    if (k_.tiny > 0 ? greatest < k_.tiny : greatest == 0) return empty();
    const int top = 2 * k_.levels - 1;
    float scale = greatest / float(top), reach = greatest, best = 0;
    const bool first_fitted = k_.grid == QuantGrid::IQ2XXS;
    if (first_fitted) {
      scale = positive_scale();
      reach = scale * float(k_.levels);
      if (reach <= 0) return empty();
    }
    const int points = k_.block / k_.length;
    bool on[8], on_tried[8];
    std::fill_n(on, points, !k_.refit_all);
    int8_t tried[32];
    for (int s = -k_.tries; s <= k_.tries; s++) {
      const float inverse = (float(top) + float(s) * k_.step) / reach, step = 1 / inverse;
      for (int p = 0; p < points; p++) on_tried[p] = place(p, inverse, step, tried);
      const auto [xq, q2] = sums(tried);
      if (q2 > 0 && xq * xq > best * q2) {
        scale = xq / q2, best = scale * xq;
        std::copy_n(tried, k_.block, digit_);
        std::copy_n(on_tried, points, on);
      }
    }
    const bool all_on = std::all_of(on, on + points, [](bool b) { return b; });
    if (scale > 0 && (first_fitted || !all_on)) {
      const float inverse = 1 / scale;
      for (int p = 0; p < points; p++)
        if (k_.refit_all || !on[p]) place(p, inverse, scale, digit_);
      const auto [xq, q2] = sums(digit_);
      if (q2 > 0) scale = xq / q2;
    }
    if (scale < 0) {
      scale = -scale;
      for (int g = 0; g < k_.block / 8; g++) fit_.signs[g] = uint8_t(~fit_.signs[g] & (k_.even_signs ? 127 : 255));
    }
    for (int p = 0; p < points; p++) fit_.index[p] = lattice_.find(digit_ + p * k_.length);
    fit_.scale = scale;
    return fit_;
  }

 private:
  static Fitted empty() { return {}; }
  float positive_scale() const {
    F16 x[32], w[32], codes[32];
    for (int i = 0; i < 32; i++) x[i] = all(v_[i]), w[i] = all(w_[i]);
    return fit_positive<32>(x, w, 4, codes)[0];
  }
  // Digits of point p for this scale; the best neighbour where they are off the lattice. Whether they were on it.
  bool place(int p, float inverse, float scale, int8_t* digits) const {
    const int at = p * k_.length;
    int8_t* d = digits + at;
    for (int i = 0; i < k_.length; i++)
      d[i] = int8_t(rounded_within(0.5f * (inverse * v_[at + i] - 1), 0, k_.levels - 1));
    if (lattice_.find(d) >= 0) return true;
    float least = FLT_MAX;
    const int8_t* chosen = nullptr;
    for (const uint16_t near : lattice_.neighbours(d)) {
      const int8_t* point = lattice_.point(near);
      float error = 0;
      for (int i = 0; i < k_.length; i++) {
        const float diff = scale * float(2 * point[i] + 1) - v_[at + i];
        error += root_[at + i] * diff * diff;
      }
      if (error < least) least = error, chosen = point;
    }
    if (chosen) std::copy_n(chosen, k_.length, d);
    return false;
  }
  std::pair<float, float> sums(const int8_t* digits) const {
    float xq = 0, q2 = 0;
    for (int i = 0; i < k_.block; i++) {
      const float q = float(2 * digits[i] + 1);
      xq += w_[i] * v_[i] * q, q2 += w_[i] * q * q;
    }
    return {xq, q2};
  }

  Signed k_;
  const Lattice& lattice_;
  const float* w_;
  float v_[32], root_[32];
  int8_t digit_[32] = {};
  Fitted fit_;
};

float sum_of_squares(const float* x) {
  float sum = 0;
  for (int i = 0; i < 256; i++) sum += x[i] * x[i];
  return sum;
}

// A block of 256: `write(block, fitted, greatest scale)` puts the parts where the format has them.
template <class Write>
void encode_signed(const Signed& kind, int bytes, int64_t rows, int64_t k, const float* x, const float* importance,
                   uint8_t* out, Write write) {
  for (int64_t b = 0; b < rows * k / 256; b++, x += 256, out += bytes) {
    const bool doubled = kind.grid != QuantGrid::IQ2XXS && kind.grid != QuantGrid::IQ2XS;
    const float mean = (doubled ? 2 * sum_of_squares(x) : sum_of_squares(x)) / 256;
    const float* columns = importance ? importance + b % (k / 256) * 256 : nullptr;
    Fitted fitted[16];
    float greatest = 0;
    for (int j = 0; j < 256 / kind.block; j++) {
      float w[32];
      for (int i = 0; i < kind.block; i++) {
        const float v = x[j * kind.block + i];
        w[i] = columns                        ? columns[j * kind.block + i] * std::sqrt(mean + v * v)
               : kind.grid == QuantGrid::IQ2S ? 0.25f * mean + v * v
                                              : v * v;
      }
      fitted[j] = SignedFit(kind, x + j * kind.block, w)();
      greatest = std::max(greatest, fitted[j].scale);
    }
    std::memset(out, 0, size_t(bytes));
    if (greatest > 0 || kind.grid == QuantGrid::IQ2S || kind.grid == QuantGrid::IQ3S) write(out, fitted, greatest);
  }
}
int scale_code(float scale, float greatest, int top) {
  return greatest > 0 ? rounded_within(0.5f * (1 / (greatest / 31) * scale - 1), 0, top) : 0;
}
uint16_t step_of(float greatest, float factor) { return to_f16(greatest > 0 ? greatest / 31 * factor : 0); }

void encode_iq2_xxs(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  encode_signed(kIq2Xxs, 66, rows, k, x, importance, out, [](uint8_t* block, const Fitted* f, float greatest) {
    put_u16(block, step_of(greatest, 1));
    for (int j = 0; j < 8; j++) {
      uint32_t rest = uint32_t(scale_code(f[j].scale, greatest, 15)) << 28;
      for (int p = 0; p < 4; p++)
        block[2 + 8 * j + p] = uint8_t(f[j].index[p]), rest |= uint32_t(f[j].signs[p]) << 7 * p;
      put_u32(block + 6 + 8 * j, rest);
    }
  });
}
void encode_iq2_xs(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  encode_signed(kIq2Xs, 74, rows, k, x, importance, out, [](uint8_t* block, const Fitted* f, float greatest) {
    put_u16(block, step_of(greatest, 1));
    for (int j = 0; j < 16; j++) {
      for (int p = 0; p < 2; p++) put_u16(block + 2 + 4 * j + 2 * p, uint32_t(f[j].index[p] | f[j].signs[p] << 9));
      block[66 + j / 2] = uint8_t(block[66 + j / 2] | scale_code(f[j].scale, greatest, 15) << j % 2 * 4);
    }
  });
}
void encode_iq2_s(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  encode_signed(kIq2S, 82, rows, k, x, importance, out, [](uint8_t* block, const Fitted* f, float greatest) {
    put_u16(block, step_of(greatest, 0.9875f));
    for (int j = 0; j < 16; j++) {
      for (int p = 0; p < 2; p++) {
        const int at = 2 * j + p, index = f[j].index[p];
        block[2 + at] = uint8_t(index), block[34 + at] = f[j].signs[p];
        block[66 + at / 4] = uint8_t(block[66 + at / 4] | index >> 8 << at % 4 * 2);
      }
      block[74 + j / 2] = uint8_t(block[74 + j / 2] | scale_code(f[j].scale, greatest, 15) << j % 2 * 4);
    }
  });
}
void encode_iq3_xxs(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  encode_signed(kIq3Xxs, 98, rows, k, x, importance, out, [](uint8_t* block, const Fitted* f, float greatest) {
    put_u16(block, step_of(greatest, 1.0125f));
    for (int j = 0; j < 8; j++) {
      uint32_t rest = uint32_t(scale_code(f[j].scale, greatest, 15)) << 28;
      for (int p = 0; p < 8; p++) block[2 + 8 * j + p] = uint8_t(f[j].index[p]);
      for (int g = 0; g < 4; g++) rest |= uint32_t(f[j].signs[g]) << 7 * g;
      put_u32(block + 66 + 4 * j, rest);
    }
  });
}
// ggml loses its place after 32 weights that are all zero, and writes what follows where it does not belong; here it
// stands where the reader expects it.
void encode_iq3_s(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  encode_signed(kIq3S, 110, rows, k, x, importance, out, [](uint8_t* block, const Fitted* f, float greatest) {
    put_u16(block, step_of(greatest, 1.033f));
    for (int j = 0; j < 8; j++) {
      for (int p = 0; p < 8; p++) {
        block[2 + 8 * j + p] = uint8_t(f[j].index[p]);
        block[66 + j] = uint8_t(block[66 + j] | f[j].index[p] >> 8 << p);
      }
      for (int g = 0; g < 4; g++) block[74 + 4 * j + g] = f[j].signs[g];
      block[106 + j / 2] = uint8_t(block[106 + j / 2] | scale_code(f[j].scale, greatest, 15) << j % 2 * 4);
    }
  });
}

// IQ1: weight ≈ scale * (digit - 1 ± 1/8).
constexpr float kUp[3] = {-1 + 0.125f, 0.125f, 1 + 0.125f}, kDown[3] = {-1 - 0.125f, -0.125f, 1 - 0.125f};

// The point for digits off the lattice: the neighbour of least error.
int nearest_point(const Lattice& grid, const float* x, const float* w, float scale, const float* values,
                  int8_t* digits) {
  if (const int found = grid.find(digits); found >= 0) return found;
  float least = FLT_MAX;
  int chosen = 0;
  for (const uint16_t near : grid.neighbours(digits)) {
    float error = 0;
    for (int i = 0; i < 8; i++) {
      const float diff = scale * values[grid.point(near)[i]] - x[i];
      error += w[i] * diff * diff;
    }
    if (error < least) least = error, chosen = near;
  }
  std::copy_n(grid.point(chosen), 8, digits);
  return -1 - chosen;
}
void sorted(const float* x, int n, int* order) {
  for (int i = 0; i < n; i++) order[i] = i;
  std::stable_sort(order, order + n, [x](int a, int b) { return x[a] < x[b]; });
}
void iq1_weights(const float* x, const float* columns, float mean, int n, float* w) {
  for (int i = 0; i < n; i++) w[i] = columns ? columns[i] * std::sqrt(mean + x[i] * x[i]) : x[i] * x[i];
}
float greatest_of(const float* x, int n) {
  float found = 0;
  for (int i = 0; i < n; i++) found = std::max(found, std::fabs(x[i]));
  return found;
}

void encode_iq1_s(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  const Lattice& grid = lattice(QuantGrid::IQ1);
  for (int64_t b = 0; b < rows * k / 256; b++, x += 256, out += 50) {
    std::memset(out, 0, 50);
    const float mean = 2 * sum_of_squares(x) / 256;
    float scales[8] = {}, greatest = 0;
    bool down[8] = {};
    uint32_t high[8] = {};
    for (int j = 0; j < 8; j++) {
      const float* xb = x + 32 * j;
      float w[32];
      iq1_weights(xb, importance + b % (k / 256) * 256 + 32 * j, mean, 32, w);
      if (greatest_of(xb, 32) < 1e-12f) continue;
      int order[32], first = -1, second = -1;
      sorted(xb, 32, order);
      float sx[33] = {}, sw[33] = {};  // of the least weights
      for (int i = 0; i < 32; i++) sx[i + 1] = sx[i] + w[order[i]] * xb[order[i]], sw[i + 1] = sw[i] + w[order[i]];
      float best = -FLT_MAX, scale = 0;
      for (int lo = 0; lo <= 32; lo++)
        for (int hi = lo; hi <= 32; hi++)
          for (const float* v : {kUp, kDown}) {
            const float xq = (sx[lo] - sx[0]) * v[0] + (sx[hi] - sx[lo]) * v[1] + (sx[32] - sx[hi]) * v[2];
            const float q2 =
                (sw[lo] - sw[0]) * v[0] * v[0] + (sw[hi] - sw[lo]) * v[1] * v[1] + (sw[32] - sw[hi]) * v[2] * v[2];
            if (q2 > 0 && xq * xq > best * q2)
              scale = xq / q2, best = scale * xq, first = lo, second = hi, down[j] = v == kDown;
          }
      if (first < 0) {
        down[j] = false;
        continue;
      }
      int8_t digits[32];
      for (int i = 0; i < 32; i++) digits[order[i]] = int8_t(i < first ? 0 : i < second ? 1 : 2);
      if (scale < 0) {
        for (int8_t& d : digits) d = int8_t(2 - d);
        scale = -scale, down[j] = !down[j];
      }
      const float* values = down[j] ? kDown : kUp;
      bool moved = false;
      for (int p = 0; p < 4; p++) {
        int index = nearest_point(grid, xb + 8 * p, w + 8 * p, scale, values, digits + 8 * p);
        if (index < 0) moved = true, index = -1 - index;
        out[2 + 4 * j + p] = uint8_t(index);
        high[j] |= uint32_t(index >> 8) << 3 * p;
      }
      if (moved) {
        float xq = 0, q2 = 0;
        for (int i = 0; i < 32; i++) {
          const float q = values[digits[i]];
          xq += w[i] * q * xb[i], q2 += w[i] * q * q;
        }
        if (xq > 0 && q2 > 0) scale = xq / q2;
      }
      scales[j] = scale;
      greatest = std::max(greatest, scale);
    }
    const float d = greatest / 15;
    if (greatest > 0) put_u16(out, to_f16(d * 1.125f));
    for (int j = 0; j < 8; j++) {
      if (greatest > 0)
        high[j] |= uint32_t(rounded_within(0.5f * (1 / d * scales[j] - 1), 0, 7) | (down[j] ? 8 : 0)) << 12;
      put_u16(out + 34 + 2 * j, high[j]);
    }
  }
}

void encode_iq1_m(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  const Lattice& grid = lattice(QuantGrid::IQ1);
  for (int64_t b = 0; b < rows * k / 256; b++, x += 256, out += 56) {
    std::memset(out, 0, 56);
    const float mean = 2 * sum_of_squares(x) / 256;
    const float* columns = importance ? importance + b % (k / 256) * 256 : nullptr;
    float scales[16] = {}, greatest = 0;
    int shift[16] = {}, index[16][2] = {};  // shift: bit 1 and bit 0 say that the first and second half go down
    for (int j = 0; j < 16; j++) {
      const float* xb = x + 16 * j;
      float w[16];
      iq1_weights(xb, columns ? columns + 16 * j : nullptr, mean, 16, w);
      if (greatest_of(xb, 16) < 1e-7f) continue;
      int order[16], first = -1, second = -1, chosen = -1;
      sorted(xb, 16, order);
      float sx[2][17] = {}, sw[2][17] = {};  // of the least weights, in each half
      for (int i = 0; i < 16; i++) {
        const int at = order[i], h = at / 8;
        sx[h][i + 1] = sx[h][i] + w[at] * xb[at], sx[1 - h][i + 1] = sx[1 - h][i];
        sw[h][i + 1] = sw[h][i] + w[at], sw[1 - h][i + 1] = sw[1 - h][i];
      }
      float best = -FLT_MAX, scale = 0;
      for (int lo = 0; lo <= 16; lo++)
        for (int hi = lo; hi <= 16; hi++) {
          float xq[2][2], q2[2][2];  // half, up or down
          for (int h = 0; h < 2; h++)
            for (int s = 0; s < 2; s++) {
              const float* v = s ? kDown : kUp;
              const float c1 = v[0] * v[0] - v[1] * v[1], c2 = v[1] * v[1] - v[2] * v[2];
              xq[h][s] = sx[h][16] * v[2] - (sx[h][lo] + sx[h][hi]);
              q2[h][s] = sw[h][16] * v[2] * v[2] + sw[h][lo] * c1 + sw[h][hi] * c2;
            }
          for (int s = 0; s < 4; s++) {
            const float a = xq[0][s >> 1] + xq[1][s & 1], c = q2[0][s >> 1] + q2[1][s & 1];
            if (c > 0 && a * a > best * c) scale = a / c, best = scale * a, first = lo, second = hi, chosen = s;
          }
        }
      if (chosen < 0) continue;
      int8_t digits[16];
      for (int i = 0; i < 16; i++) digits[order[i]] = int8_t(i < first ? 0 : i < second ? 1 : 2);
      if (scale < 0) {
        for (int8_t& d : digits) d = int8_t(2 - d);
        scale = -scale, chosen = 3 - chosen;
      }
      bool moved = false;
      for (int p = 0; p < 2; p++) {
        const float* values = chosen >> (1 - p) & 1 ? kDown : kUp;
        index[j][p] = nearest_point(grid, xb + 8 * p, w + 8 * p, scale, values, digits + 8 * p);
        if (index[j][p] < 0) moved = true, index[j][p] = -1 - index[j][p];
      }
      if (moved) {
        float xq = 0, q2 = 0;
        for (int i = 0; i < 16; i++) {
          const float q = (chosen >> (1 - i / 8) & 1 ? kDown : kUp)[digits[i]];
          xq += w[i] * q * xb[i], q2 += w[i] * q * q;
        }
        if (xq > 0 && q2 > 0) scale = xq / q2;
      }
      out[2 * j] = uint8_t(index[j][0]), out[2 * j + 1] = uint8_t(index[j][1]);
      out[32 + j] = uint8_t(index[j][0] >> 8 | index[j][1] >> 8 << 4);
      scales[j] = scale, shift[j] = chosen;
      greatest = std::max(greatest, scale);
    }
    if (greatest <= 0) continue;
    float d = greatest / 15, xq = 0, q2 = 0;
    const float inverse = 1 / d;
    uint32_t words[4] = {};
    for (int j = 0; j < 16; j++) {
      const int l = rounded_within(0.5f * (inverse * scales[j] - 1), 0, 7);
      words[j / 4] |= uint32_t(l) << 3 * (j % 4);
      out[32 + j] = uint8_t(out[32 + j] | (shift[j] & 2 ? 0x08 : 0) | (shift[j] & 1 ? 0x80 : 0));
      float w[16];
      iq1_weights(x + 16 * j, columns ? columns + 16 * j : nullptr, mean, 16, w);
      for (int i = 0; i < 16; i++) {
        const float* values = shift[j] >> (1 - i / 8) & 1 ? kDown : kUp;
        const float q = values[grid.point(index[j][i / 8])[i % 8]] * float(2 * l + 1);
        xq += w[i] * q * x[16 * j + i], q2 += w[i] * q * q;
      }
    }
    if (q2 > 0) d = xq / q2;
    const uint32_t bits = to_f16(d * 1.1125f);
    for (int i = 0; i < 4; i++) put_u16(out + 48 + 2 * i, words[i] | (bits >> 4 * i & 15) << 12);
  }
}

}  // namespace

EncodeRows find_grid_encoder(GgmlType type) {
  switch (type) {
    case GgmlType::IQ2_XXS:
      return encode_iq2_xxs;
    case GgmlType::IQ2_XS:
      return encode_iq2_xs;
    case GgmlType::IQ2_S:
      return encode_iq2_s;
    case GgmlType::IQ3_XXS:
      return encode_iq3_xxs;
    case GgmlType::IQ3_S:
      return encode_iq3_s;
    case GgmlType::IQ1_S:
      return encode_iq1_s;
    case GgmlType::IQ1_M:
      return encode_iq1_m;
    default:
      return nullptr;
  }
}

}  // namespace ef
