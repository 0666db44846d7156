// Row and element loops against reference/rowwise.h in double. Bounds are in units of f32 rounding (2⁻²⁴) of the
// largest term: vector functions are good to a few units, sums of n terms in four or more chains to a few more.
#include "kernels/rowwise.h"

#include "kernel_test.h"
#include "kernels/reference/rowwise.h"

namespace ef::test {
namespace {

using namespace rowwise;
constexpr double kUnit = 0x1p-24;
constexpr int64_t kLengths[] = {1, 3, 7, 16, 33, 49, 64, 100, 576, 1001};
constexpr DType kGains[] = {DType::Float32, DType::BFloat16, DType::Float16};

std::vector<double> widen(const std::vector<float>& v) { return {v.begin(), v.end()}; }
const RowKernels<double>& truth() { return reference::row_kernels<double>(); }

void expect_near(const std::vector<float>& got, const std::vector<double>& want, double relative, double absolute,
                 const std::string& what) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); i++) {
    if (std::isnan(want[i]) && std::isnan(got[i])) continue;
    if (std::isinf(want[i]) && double(got[i]) == want[i]) continue;
    ASSERT_LE(std::fabs(got[i] - want[i]), relative * std::fabs(want[i]) + absolute)
        << what << " at " << i << ": " << got[i] << " " << want[i];
  }
}

class Rowwise : public EachIsa {};
EF_EACH_ISA(Rowwise);

const char* const kUnaryNames[] = {"Exp",      "Log",  "Relu", "Relu2",       "Sigmoid",
                                   "Tanh",     "Silu", "Gelu", "GeluTanh",    "QuickGelu",
                                   "Softplus", "Mish", "Erf",  "HardSigmoid", "HardSwish"};
static_assert(std::size(kUnaryNames) == kUnaryCount);

TEST_P(Rowwise, UnaryValuesAndSlopes) {
  std::vector<float> x;
  for (float v = -30; v < 30; v += 0.00371f) x.push_back(v);
  for (float v : {0.f, -0.f, 1e-30f, -1e-8f, 1e-4f, 0.624999f, 0.625f, 0.99999f, 1.f, 1.4142135f, 3.f, -3.f, 20.f, 80.f,
                  -80.f, 88.f, -103.f})
    x.push_back(v);
  const int64_t n = int64_t(x.size());
  const std::vector<double> wide = widen(x), ones(x.size(), 1.);
  for (int f = 0; f < kUnaryCount; f++) {
    std::vector<float> in = x, y(x.size()), d(x.size()), one(x.size(), 1.f);
    std::vector<double> wide_in = wide, want(x.size()), slope(x.size());
    if (Unary(f) == Unary::Log)
      for (size_t i = 0; i < in.size(); i++) in[i] = std::fabs(in[i]) + 1e-20f, wide_in[i] = in[i];
    unary(Unary(f), n, in.data(), y.data());
    unary_grad(Unary(f), n, in.data(), one.data(), d.data());
    truth().unary[f](n, wide_in.data(), want.data());
    truth().unary_grad[f](n, wide_in.data(), ones.data(), slope.data());
    // exp(x) cannot be better than |x| units, as x itself is rounded: the tails of Gelu pass x² through exp.
    const double relative = Unary(f) == Unary::Gelu || Unary(f) == Unary::GeluTanh ? 40 * kUnit
                            : Unary(f) == Unary::Exp                               ? 3 * kUnit
                                                                                   : 8 * kUnit;
    const double absolute = Unary(f) == Unary::Exp ? 1.5e-45 : Unary(f) == Unary::GeluTanh ? 30 * 4 * kUnit : 4 * kUnit;
    expect_near(y, want, relative, absolute, kUnaryNames[f]);
    expect_near(d, slope, 16 * kUnit, Unary(f) == Unary::Exp ? 1.5e-45 : 40 * kUnit,
                std::string("slope of ") + kUnaryNames[f]);
    for (int64_t length : kLengths) {  // tails give the same bits
      std::vector<float> part(size_t(length) + 1, 7.f);
      unary(Unary(f), length, in.data(), part.data());
      for (int64_t i = 0; i < length; i++) ASSERT_EQ(part[size_t(i)], y[size_t(i)]) << kUnaryNames[f];
      ASSERT_EQ(part[size_t(length)], 7.f);
    }
  }
}

TEST_P(Rowwise, UnaryLimits) {
  const float inf = INFINITY;
  const std::vector<float> x = {inf, -inf, NAN, 100.f, -200.f};
  std::vector<float> y(5);
  const auto run = [&](Unary f) {
    unary(f, 5, x.data(), y.data());
    EXPECT_TRUE(std::isnan(y[2])) << kUnaryNames[int(f)];
  };
  run(Unary::Exp);
  EXPECT_EQ(y[0], inf);
  EXPECT_EQ(y[1], 0.f);
  EXPECT_EQ(y[3], inf);
  EXPECT_EQ(y[4], 0.f);
  run(Unary::Sigmoid);
  EXPECT_EQ(y[0], 1.f);
  EXPECT_EQ(y[1], 0.f);
  EXPECT_EQ(y[4], 0.f);
  run(Unary::Tanh);
  EXPECT_EQ(y[0], 1.f);
  EXPECT_EQ(y[1], -1.f);
  EXPECT_EQ(y[3], 1.f);
  run(Unary::Erf);
  EXPECT_EQ(y[0], 1.f);
  EXPECT_EQ(y[1], -1.f);
  EXPECT_EQ(y[4], -1.f);
  run(Unary::Relu);
  EXPECT_EQ(y[0], inf);
  EXPECT_EQ(y[1], 0.f);
  for (Unary f : {Unary::Silu, Unary::Gelu, Unary::GeluTanh, Unary::QuickGelu, Unary::Softplus, Unary::Mish,
                  Unary::HardSwish, Unary::HardSigmoid}) {
    run(f);
    if (f != Unary::HardSigmoid) {
      EXPECT_EQ(y[0], inf) << kUnaryNames[int(f)];
      EXPECT_EQ(y[3], 100.f) << kUnaryNames[int(f)];
    }
  }
}

TEST_P(Rowwise, GatedUnits) {
  for (int f = 0; f < kUnaryCount; f++) {
    if (Unary(f) == Unary::Log) continue;
    const int64_t rows = 3, n = 37, ld = 80;
    std::vector<float> both = random_floats(rows * ld), out(size_t(rows * n)), dout = random_floats(rows * n),
                       dboth(both.size());
    glu(Unary(f), rows, n, both.data(), ld, both.data() + n, ld, out.data(), n);
    glu_grad(Unary(f), rows, n, both.data(), ld, both.data() + n, ld, dout.data(), n, dboth.data(), ld,
             dboth.data() + n, ld);
    for (int64_t r = 0; r < rows; r++)
      for (int64_t j = 0; j < n; j++) {
        const double g = both[size_t(r * ld + j)], u = both[size_t(r * ld + n + j)], d = dout[size_t(r * n + j)];
        double value, slope;
        const double one = 1;
        truth().unary[f](1, &g, &value);
        truth().unary_grad[f](1, &g, &one, &slope);
        ASSERT_NEAR(out[size_t(r * n + j)], value * u, 20 * kUnit * (std::fabs(value * u) + std::fabs(u)))
            << kUnaryNames[f];
        ASSERT_NEAR(dboth[size_t(r * ld + j)], d * u * slope, 40 * kUnit * (std::fabs(d * u) + 1)) << kUnaryNames[f];
        ASSERT_NEAR(dboth[size_t(r * ld + n + j)], d * value, 20 * kUnit * (std::fabs(d * value) + std::fabs(d)))
            << kUnaryNames[f];
      }
  }
}

TEST_P(Rowwise, RmsNorm) {
  for (int64_t n : kLengths)
    for (DType wd : kGains)
      for (bool unit_offset : {false, true}) {
        const int64_t rows = 5, ld = n + 2;
        const std::vector<float> x = random_floats(rows * ld), dy = random_floats(rows * ld);
        const Data w(wd, random_floats(n));
        std::vector<float> y(size_t(rows * ld)), rstd(5), dx(size_t(rows * ld)), dw(size_t(n), 0.5f);
        std::vector<double> want(size_t(rows * ld)), want_dx(size_t(rows * ld)), want_rstd(5), want_dw(size_t(n), 0.5);
        rms_norm(rows, n, x.data(), ld, {w.data(), wd}, 1e-5, unit_offset, y.data(), ld, rstd.data());
        rms_norm_backward(rows, n, x.data(), ld, {w.data(), wd}, unit_offset, rstd.data(), dy.data(), ld, dx.data(), ld,
                          dw.data());
        const std::vector<double> xd = widen(x), dyd = widen(dy);
        for (int64_t r = 0; r < rows; r++) {
          const double s =
              truth().rms_norm(n, &xd[size_t(r * ld)], w.data(), wd, 1e-5, unit_offset, &want[size_t(r * ld)]);
          truth().rms_norm_grad(n, &xd[size_t(r * ld)], w.data(), wd, unit_offset, s, &dyd[size_t(r * ld)],
                                &want_dx[size_t(r * ld)]);
          want_rstd[size_t(r)] = s;
          for (int64_t j = 0; j < n; j++) want_dw[size_t(j)] += dyd[size_t(r * ld + j)] * xd[size_t(r * ld + j)] * s;
        }
        expect_near(y, want, 8 * kUnit, 0, "y");
        expect_near(rstd, want_rstd, 8 * kUnit, 0, "rstd");
        // for n = 1 the two terms of dx cancel down to eps
        expect_near(dx, want_dx, 8 * kUnit, 40 * kUnit * (1 + want_rstd[0]) * 10, "dx");
        expect_near(dw, want_dw, 8 * kUnit, 40 * kUnit, "dw");
      }
}

TEST_P(Rowwise, LayerNorm) {
  for (int64_t n : kLengths)
    for (bool affine : {false, true}) {
      const int64_t rows = 4;
      std::vector<float> x = random_floats(rows * n), dy = random_floats(rows * n);
      for (float& v : x) v += 3;  // a mean that is not small
      const Data w(DType::BFloat16, random_floats(n)), b(DType::Float32, random_floats(n));
      const Gain gw{affine ? w.data() : nullptr, DType::BFloat16}, gb{affine ? b.data() : nullptr, DType::Float32};
      std::vector<float> y(x.size()), mean(4), rstd(4), dx(x.size()), dw(static_cast<size_t>(n)),
          db(static_cast<size_t>(n));
      std::vector<double> want(x.size()), want_dx(x.size()), want_dw(static_cast<size_t>(n)),
          want_db(static_cast<size_t>(n));
      layer_norm(rows, n, x.data(), n, gw, gb, 1e-5, y.data(), n, mean.data(), rstd.data());
      layer_norm_backward(rows, n, x.data(), n, gw, mean.data(), rstd.data(), dy.data(), n, dx.data(), n, dw.data(),
                          db.data());
      const std::vector<double> xd = widen(x), dyd = widen(dy);
      double scale = 1;
      for (int64_t r = 0; r < rows; r++) {
        double m, s;
        truth().layer_norm(n, &xd[size_t(r * n)], gw.data, gw.dtype, gb.data, gb.dtype, 1e-5, &want[size_t(r * n)], &m,
                           &s);
        truth().layer_norm_grad(n, &xd[size_t(r * n)], gw.data, gw.dtype, m, s, &dyd[size_t(r * n)],
                                &want_dx[size_t(r * n)]);
        for (int64_t j = 0; j < n; j++) {
          want_dw[size_t(j)] += dyd[size_t(r * n + j)] * (xd[size_t(r * n + j)] - m) * s;
          want_db[size_t(j)] += dyd[size_t(r * n + j)];
        }
        scale = std::max(scale, s);
      }
      // x - mean cancels: about 4·rstd units are lost
      expect_near(y, want, 16 * kUnit, 40 * kUnit * scale, "y");
      expect_near(dx, want_dx, 16 * kUnit, 200 * kUnit * scale * scale, "dx");
      expect_near(dw, want_dw, 16 * kUnit, 200 * kUnit * scale, "dw");
      expect_near(db, want_db, 16 * kUnit, 16 * kUnit, "db");
    }
}

TEST_P(Rowwise, NormsRejectADoubleWeightForFloats) {
  float x[2] = {1, 2}, y[2];
  double w[2] = {1, 1};
  EXPECT_THROW(rms_norm(1, 2, x, 2, {w, DType::Float64}, 1e-5, false, y, 2, static_cast<float*>(nullptr)), DtypeError);
  double xd[2] = {1, 2}, yd[2];
  rms_norm(1, 2, xd, 2, {w, DType::Float64}, 0., false, yd, 2, static_cast<double*>(nullptr));
  EXPECT_NEAR(yd[1], 2 / std::sqrt(2.5), 1e-15);
}

TEST_P(Rowwise, SoftmaxFamily) {
  for (int64_t n : kLengths) {
    const int64_t rows = 4, ld = n + 3;
    const std::vector<float> x = random_floats(rows * ld, 5), dy = random_floats(rows * n);
    std::vector<float> y(size_t(rows * n)), log_y(y), lse(4), dx(y), log_dx(y), total(4);
    softmax(rows, n, x.data(), ld, y.data(), n);
    log_softmax(rows, n, x.data(), ld, log_y.data(), n);
    logsumexp(rows, n, x.data(), ld, lse.data());
    row_sum(rows, n, x.data(), ld, total.data());
    softmax_backward(rows, n, y.data(), dy.data(), dx.data());
    log_softmax_backward(rows, n, log_y.data(), dy.data(), log_dx.data());
    for (int64_t r = 0; r < rows; r++) {
      double top = -INFINITY, sum = 0, plain = 0, size = 0, dot = 0, dsum = 0, dsize = 0;
      for (int64_t j = 0; j < n; j++) top = std::max(top, double(x[size_t(r * ld + j)]));
      for (int64_t j = 0; j < n; j++) {
        const double v = x[size_t(r * ld + j)];
        sum += std::exp(v - top), plain += v, size += std::fabs(v);
      }
      for (int64_t j = 0; j < n; j++)
        dot += std::exp(x[size_t(r * ld + j)] - top) / sum * dy[size_t(r * n + j)], dsum += dy[size_t(r * n + j)],
            dsize += std::fabs(dy[size_t(r * n + j)]);
      const double l = top + std::log(sum);
      ASSERT_NEAR(lse[size_t(r)], l, 16 * kUnit * (1 + std::fabs(l)));
      ASSERT_NEAR(total[size_t(r)], plain, 16 * kUnit * size);
      for (int64_t j = 0; j < n; j++) {
        const double lp = x[size_t(r * ld + j)] - l, p = std::exp(lp), g = dy[size_t(r * n + j)];
        const double units = (20 + 2 * std::fabs(lp)) * kUnit;  // x - max is rounded at its own size
        ASSERT_NEAR(y[size_t(r * n + j)], p, units * p + 1e-12);
        ASSERT_NEAR(log_y[size_t(r * n + j)], lp, 20 * kUnit * (1 + std::fabs(lp)));
        ASSERT_NEAR(dx[size_t(r * n + j)], p * (g - dot), 2 * units * p * (std::fabs(g) + std::fabs(dot) + 1) + 1e-12);
        ASSERT_NEAR(log_dx[size_t(r * n + j)], g - p * dsum,
                    40 * kUnit * (std::fabs(g) + p * dsize + p * std::fabs(dsum) * (1 + std::fabs(lp))));
      }
    }
  }
}

TEST_P(Rowwise, SoftmaxExtremes) {
  const float inf = INFINITY;
  const std::vector<float> x = {-inf, 0, 0, -inf, -inf, -inf, inf, 1, 2, NAN, 1, 2, 3e38f, 3e38f, -3e38f};
  std::vector<float> y(15), l(5);
  softmax(5, 3, x.data(), 3, y.data(), 3);
  logsumexp(5, 3, x.data(), 3, l.data());
  EXPECT_EQ(y[0], 0.f);
  EXPECT_EQ(y[1], 0.5f);
  for (int i = 3; i < 12; i++) EXPECT_TRUE(std::isnan(y[size_t(i)])) << i;
  EXPECT_EQ(y[12], 0.5f);
  EXPECT_EQ(y[14], 0.f);
  EXPECT_NEAR(l[0], std::log(2.f), 1e-6f);
  EXPECT_EQ(l[1], -inf);
  EXPECT_EQ(l[2], inf);
  EXPECT_TRUE(std::isnan(l[3]));
}

TEST_P(Rowwise, CrossEntropy) {
  for (double smoothing : {0., 0.1}) {
    const int64_t rows = 6, n = 101;
    const std::vector<float> x = random_floats(rows * n, 3);
    const std::vector<int64_t> targets = {0, 100, -100, 50, 7, 99};
    std::vector<float> loss(6), lse(6), dloss = random_floats(6), dx(x.size());
    cross_entropy(rows, n, x.data(), n, targets.data(), -100, smoothing, loss.data(), lse.data());
    cross_entropy_backward(rows, n, x.data(), n, targets.data(), -100, smoothing, lse.data(), dloss.data(), dx.data(),
                           n);
    for (int64_t r = 0; r < rows; r++) {
      double sum = 0, mean = 0;
      for (int64_t j = 0; j < n; j++)
        sum += std::exp(double(x[size_t(r * n + j)])), mean += x[size_t(r * n + j)] / double(n);
      const double l = std::log(sum);
      const int64_t t = targets[size_t(r)];
      const double want = t < 0 ? 0 : (1 - smoothing) * (l - x[size_t(r * n + t)]) + smoothing * (l - mean);
      ASSERT_NEAR(loss[size_t(r)], want, 40 * kUnit * (1 + std::fabs(want)));
      for (int64_t j = 0; j < n; j++) {
        const double p = std::exp(x[size_t(r * n + j)] - l) - smoothing / double(n) - (j == t ? 1 - smoothing : 0);
        ASSERT_NEAR(dx[size_t(r * n + j)], t < 0 ? 0 : p * dloss[size_t(r)],
                    40 * kUnit * (1 + std::fabs(dloss[size_t(r)])));
      }
    }
    const std::vector<int64_t> bad = {0, 101, 0, 0, 0, 0};
    EXPECT_THROW(cross_entropy(rows, n, x.data(), n, bad.data(), -100, smoothing, loss.data(), lse.data()), IndexError);
  }
}

TEST_P(Rowwise, Rope) {
  for (bool interleaved : {false, true})
    for (int64_t rotary : {2, 18, 64}) {
      const int64_t tokens = 3, heads = 2, dim = 64, positions = 9;
      const std::vector<float> x = random_floats(tokens * heads * dim);
      std::vector<float> cos, sin, y(x.size()), back(x.size());
      for (int64_t p = 0; p < positions; p++)
        for (int64_t i = 0; i < rotary / 2; i++) {
          const double angle = double(p) * std::pow(100., -2. * double(i) / double(rotary));
          cos.push_back(float(std::cos(angle)));
          sin.push_back(float(std::sin(angle)));
        }
      const std::vector<int64_t> at = {8, 0, 5};
      RopeArgs<float> a{tokens, heads,        dim,        rotary,     x.data(),  heads * dim, dim,  y.data(),
                        dim,    tokens * dim, cos.data(), sin.data(), at.data(), interleaved, false};
      rope(a);  // also moves [token, head] to [head, token]
      for (int64_t t = 0; t < tokens; t++)
        for (int64_t h = 0; h < heads; h++)
          for (int64_t d = 0; d < dim; d++) {
            const auto in = [&](int64_t i) { return double(x[size_t((t * heads + h) * dim + i)]); };
            double want = in(d);
            if (d < rotary) {
              const int64_t i = interleaved ? d / 2 : d % (rotary / 2);
              const int64_t first = interleaved ? d / 2 * 2 : i, second = interleaved ? first + 1 : i + rotary / 2;
              const double c = cos[size_t(at[size_t(t)] * rotary / 2 + i)],
                           s = sin[size_t(at[size_t(t)] * rotary / 2 + i)];
              want = d == first ? in(first)*c - in(second)*s : in(second)*c + in(first)*s;
            }
            ASSERT_NEAR(y[size_t((h * tokens + t) * dim + d)], want, 4 * kUnit * 4);
          }
      RopeArgs<float> inverse = a;
      inverse.x = inverse.y = y.data();
      inverse.x_token = dim, inverse.x_head = tokens * dim, inverse.inverse = true;
      rope(inverse);
      for (int64_t t = 0; t < tokens; t++)
        for (int64_t h = 0; h < heads; h++)
          for (int64_t d = 0; d < dim; d++)
            ASSERT_NEAR(y[size_t((h * tokens + t) * dim + d)], x[size_t((t * heads + h) * dim + d)], 32 * kUnit);
    }
  float x[4] = {};
  RopeArgs<float> odd{1, 1, 4, 3, x, 4, 4, x, 4, 4, x, x};
  EXPECT_THROW(rope(odd), ShapeError);
}

TEST_P(Rowwise, Arithmetic) {
  for (int64_t n : kLengths) {
    const std::vector<float> a = random_floats(n), b = random_floats(n), bias = random_floats(n);
    std::vector<float> s(a.size()), d(a.size()), m(a.size()), k(a.size()), y = b, z = a;
    add(n, a.data(), b.data(), s.data());
    sub(n, a.data(), b.data(), d.data());
    mul(n, a.data(), b.data(), m.data());
    scale(n, 0.5f, a.data(), k.data());
    scale_add(n, 3.f, a.data(), y.data());
    add_bias(1, n, z.data(), n, {bias.data(), DType::Float32});
    for (size_t i = 0; i < a.size(); i++) {
      EXPECT_EQ(s[i], a[i] + b[i]);
      EXPECT_EQ(d[i], a[i] - b[i]);
      EXPECT_EQ(m[i], a[i] * b[i]);
      EXPECT_EQ(k[i], a[i] * 0.5f);
      EXPECT_NEAR(y[i], 3. * a[i] + b[i], 4 * kUnit * (3 * std::fabs(a[i]) + std::fabs(b[i])));
      EXPECT_EQ(z[i], a[i] + bias[i]);
    }
  }
}

TEST_P(Rowwise, AddRmsNorm) {
  const int64_t rows = 3, n = 50;
  std::vector<float> residual = random_floats(rows * n), y(residual.size()), want(residual.size());
  const std::vector<float> delta = random_floats(rows * n), w = random_floats(n);
  std::vector<float> sum = residual;
  for (size_t i = 0; i < sum.size(); i++) sum[i] += delta[i];
  rms_norm(rows, n, sum.data(), n, {w.data()}, 1e-6, false, want.data(), n, static_cast<float*>(nullptr));
  add_rms_norm(rows, n, residual.data(), delta.data(), {w.data()}, 1e-6, false, y.data());
  EXPECT_EQ(residual, sum);
  EXPECT_EQ(y, want);
}

TEST_P(Rowwise, BiasAndWhatFollowsIt) {
  for (const int64_t n : {1, 7, 16, 100}) {
    const int64_t rows = 3;
    const std::vector<float> x = random_floats(rows * n), residual = random_floats(rows * n), bias = random_floats(n),
                             w = random_floats(n), b = random_floats(n);
    std::vector<float> want = x, got = x;
    add_bias(rows, n, want.data(), n, {bias.data()});
    std::vector<float> sum = want;
    unary(Unary::Gelu, rows * n, want.data(), want.data());
    bias_unary(Unary::Gelu, rows, n, got.data(), n, {bias.data()});
    EXPECT_EQ(got, want) << n;
    for (size_t i = 0; i < sum.size(); i++) sum[i] += residual[i];
    layer_norm(rows, n, sum.data(), n, {w.data()}, {b.data()}, 1e-5, want.data(), n, static_cast<float*>(nullptr),
               static_cast<float*>(nullptr));
    got = x;
    add_layer_norm(rows, n, got.data(), {bias.data()}, residual.data(), {w.data()}, {b.data()}, 1e-5);
    EXPECT_EQ(got, want) << n;
  }
}

TEST_P(Rowwise, ArgmaxAndColumnSum) {
  const std::vector<float> x = {1, 5, 5, -INFINITY, -INFINITY, -INFINITY, 1, NAN, 9};
  std::vector<int64_t> best(3);
  argmax(3, 3, x.data(), 3, best.data());
  EXPECT_EQ(best, (std::vector<int64_t>{1, 0, 1}));
  for (int64_t n : kLengths) {
    std::vector<float> v = random_floats(n), w = v;
    int64_t got = -1;
    argmax(1, n, v.data(), n, &got);
    EXPECT_EQ(got, reference::argmax(n, v.data())) << n;
    w[size_t(n / 2)] = w[size_t(n - 1)] = 50;  // equal ones: the first
    argmax(1, n, w.data(), n, &got);
    EXPECT_EQ(got, n / 2) << n;
    w[size_t(n - 1)] = NAN;
    argmax(1, n, w.data(), n, &got);
    EXPECT_EQ(got, n - 1) << n;
  }
  const std::vector<float> m = {1, 2, 3, 4, 5, 6};
  std::vector<float> out = {10, 20, 30};
  column_sum(2, 3, m.data(), 3, out.data(), true);
  EXPECT_EQ(out, (std::vector<float>{15, 27, 39}));
  column_sum(2, 3, m.data(), 3, out.data(), false);
  EXPECT_EQ(out, (std::vector<float>{5, 7, 9}));
}

TEST_P(Rowwise, ConvertMatchesScalarRounding) {
  std::vector<float> x = random_floats(70000, 10);
  for (float v : {0.f, -0.f, 1e-40f, 6e-8f, 2e-8f, 65504.f, 65519.f, 65520.f, 1e30f, -INFINITY, INFINITY, 3.4e38f,
                  1.00390625f, 1.01171875f})
    x.push_back(v);
  x.push_back(NAN);
  const int64_t n = int64_t(x.size());
  std::vector<uint16_t> h(x.size()), b(x.size());
  convert(n, x.data(), DType::Float32, h.data(), DType::Float16);
  convert(n, x.data(), DType::Float32, b.data(), DType::BFloat16);
  std::vector<float> from_h(x.size()), from_b(x.size()), from_d(x.size());
  convert(n, h.data(), DType::Float16, from_h.data(), DType::Float32);
  convert(n, b.data(), DType::BFloat16, from_b.data(), DType::Float32);
  std::vector<double> d(x.size());
  convert(n, x.data(), DType::Float32, d.data(), DType::Float64);
  convert(n, d.data(), DType::Float64, from_d.data(), DType::Float32);
  for (size_t i = 0; i + 1 < x.size(); i++) {
    ASSERT_EQ(h[i], to_f16(x[i])) << x[i];
    ASSERT_EQ(b[i], to_bf16(x[i])) << x[i];
    ASSERT_EQ(from_h[i], ef::from_f16(h[i]));
    ASSERT_EQ(from_b[i], ef::from_bf16(b[i]));
    ASSERT_EQ(from_d[i], x[i]);
  }
  EXPECT_TRUE(std::isnan(from_h.back()));
  EXPECT_TRUE(std::isnan(from_b.back()));
  std::vector<uint16_t> every(65536);
  for (size_t i = 0; i < every.size(); i++) every[i] = uint16_t(i);
  std::vector<float> wide(65536);
  convert(65536, every.data(), DType::Float16, wide.data(), DType::Float32);
  for (size_t i = 0; i < every.size(); i++)
    if (!std::isnan(wide[i])) {
      ASSERT_EQ(wide[i], ef::from_f16(every[i])) << i;
    }
}

TEST_P(Rowwise, SameBitsForAnyThreadCount) {
  const int64_t rows = 120, n = 1000;
  const std::vector<float> x = random_floats(rows * n), dy = random_floats(rows * n), w = random_floats(n);
  std::vector<std::vector<float>> first;
  std::vector<double> first_sums;
  for (int threads : {1, 2, 7})
    with_threads(threads, [&] {
      std::vector<float> y(x.size()), dx(x.size()), rstd(static_cast<size_t>(rows)), dw(static_cast<size_t>(n)),
          g(x.size()), c(static_cast<size_t>(n));
      rms_norm(rows, n, x.data(), n, {w.data()}, 1e-5, false, y.data(), n, rstd.data());
      rms_norm_backward(rows, n, x.data(), n, {w.data()}, false, rstd.data(), dy.data(), n, dx.data(), n, dw.data());
      unary(Unary::Gelu, rows * n - 3, x.data(), g.data());
      column_sum(rows, n, x.data(), n, c.data(), false);
      const std::vector<std::vector<float>> all = {y, dx, rstd, dw, g, c};
      const std::vector<double> sums = {sum(rows * n - 3, x.data()), sum_squares(rows * n, x.data())};
      if (threads == 1) first = all, first_sums = sums;
      EXPECT_EQ(all, first);
      EXPECT_EQ(sums, first_sums);
    });
  double exact = 0;
  for (size_t i = 0; i + 3 < x.size(); i++) exact += x[i];
  EXPECT_NEAR(first_sums[0], exact, 1e-3);
}

TEST_P(Rowwise, EmptySizes) {
  float x[1] = {3};
  rms_norm(0, 4, x, 4, {}, 1e-5, false, x, 4, static_cast<float*>(nullptr));
  softmax(3, 0, x, 0, x, 0);
  unary(Unary::Silu, 0, x, x);
  convert(0, x, DType::Float32, x, DType::BFloat16);
  EXPECT_EQ(sum(0, x), 0.);
  EXPECT_EQ(x[0], 3.f);
}

// The double forms of value and slope against each other: an error in the reference's derivative would show here.
TEST(RowwiseReference, SlopesAreDerivatives) {
  for (int f = 0; f < kUnaryCount; f++)
    for (double x : {-4.1, -2.3, -0.7, -0.01, 0.02, 0.6, 1.1, 2.9, 3.7, 25.}) {
      if (Unary(f) == Unary::Log && x < 0.5) continue;
      const double h = 1e-6, up = x + h, down = x - h, one = 1;
      double yu, yd, slope;
      truth().unary[f](1, &up, &yu);
      truth().unary[f](1, &down, &yd);
      truth().unary_grad[f](1, &x, &one, &slope);
      EXPECT_NEAR((yu - yd) / (2 * h), slope, 1e-8 * (1 + std::fabs(slope)) + 1e-9 * std::fabs(yu))
          << kUnaryNames[f] << " at " << x;
    }
}

}  // namespace
}  // namespace ef::test
