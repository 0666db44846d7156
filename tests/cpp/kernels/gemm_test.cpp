// Matrix products against plain double loops.
//
// Bound: a sum of k f32 products in any order is within (k + 1)·2⁻²⁴ of Σ|a·b|; the lanes make the real chain much
// shorter. vdpbf16ps rounds each pair to odd, i.e. at most one more unit per pair, and drops subnormals: 2k units cover
// both forms.
#include "kernels/gemm.h"

#include "kernel_test.h"

namespace ef::test {
namespace {

enum class Form { Nt, Nn, Tn };
constexpr DType kDtypes[] = {DType::Float32, DType::BFloat16, DType::Float16};

struct Case {
  Form form;
  int64_t m, n, k;
  DType ad, bd;
  int64_t pad_a = 0, pad_b = 0, pad_c = 0;
  bool accumulate = false;
};

void call(const Case& t, const void* a, int64_t lda, const void* b, int64_t ldb, float* c, int64_t ldc) {
  if (t.form == Form::Nt) gemm_nt(t.m, t.n, t.k, a, t.ad, lda, b, t.bd, ldb, c, ldc, t.accumulate);
  if (t.form == Form::Nn) gemm_nn(t.m, t.n, t.k, a, t.ad, lda, b, t.bd, ldb, c, ldc, t.accumulate);
  if (t.form == Form::Tn) gemm_tn(t.m, t.n, t.k, a, t.ad, lda, b, t.bd, ldb, c, ldc, t.accumulate);
}

void check_case(const Case& t) {
  const int64_t lda = (t.form == Form::Tn ? t.m : t.k) + t.pad_a, ldb = (t.form == Form::Nt ? t.k : t.n) + t.pad_b,
                ldc = t.n + t.pad_c;
  const Data a(t.ad, random_floats((t.form == Form::Tn ? t.k : t.m) * lda)),
      b(t.bd, random_floats((t.form == Form::Nt ? t.n : t.k) * ldb));
  std::vector<float> c = random_floats(t.m * ldc), start = c;
  std::vector<double> want(c.begin(), c.end()), size(static_cast<size_t>(t.m * t.n));
  call(t, a.data(), lda, b.data(), ldb, c.data(), ldc);
  reference::gemm(t.form == Form::Tn, t.form == Form::Nt, t.m, t.n, t.k, a.data(), t.ad, lda, b.data(), t.bd, ldb,
                  want.data(), ldc, t.accumulate, size.data());
  for (int64_t i = 0; i < t.m; i++)
    for (int64_t j = 0; j < ldc; j++) {
      const double bound =
          j < t.n ? double(2 * t.k + 4) * 0x1p-24 * size[size_t(i * t.n + j)] : 0;  // padding stays untouched
      ASSERT_LE(std::fabs(c[size_t(i * ldc + j)] - want[size_t(i * ldc + j)]), bound)
          << "form " << int(t.form) << " m " << t.m << " n " << t.n << " k " << t.k << " a " << dtype_name(t.ad)
          << " b " << dtype_name(t.bd) << " acc " << t.accumulate << " at " << i << "," << j;
    }
}

class Gemm : public EachIsa {};
EF_EACH_ISA(Gemm);

TEST_P(Gemm, EveryDtypeAndOddSize) {
  for (Form form : {Form::Nt, Form::Nn, Form::Tn})
    for (DType ad : kDtypes)
      for (DType bd : kDtypes)
        for (int64_t k : {1, 7, 33, 130})
          for (int64_t n : {1, 5, 49, 70})
            for (int64_t m : {1, 2, 3, 8, 13, 17}) check_case({form, m, n, k, ad, bd});
}

TEST_P(Gemm, EveryRowCount) {
  for (Form form : {Form::Nt, Form::Nn, Form::Tn})
    for (DType bd : kDtypes)
      for (int64_t m = 1; m <= 26; m++) check_case({form, m, 50, 64, DType::Float32, bd});
}

TEST_P(Gemm, LargeWithStridesAndAccumulate) {
  for (Form form : {Form::Nt, Form::Nn, Form::Tn})
    for (DType bd : kDtypes)
      for (bool accumulate : {false, true}) {
        check_case({form, 64, 100, 576, DType::Float32, bd, 3, 5, 2, accumulate});
        check_case({form, 4, 100, 577, DType::Float32, bd, 3, 5, 2, accumulate});
        check_case(
            {form, 14, 20, 9001, DType::Float32, bd, 1, 0, 1, accumulate});  // several blocks along k on every level
        check_case({form, 140, 70, 1300, bd, bd, 1, 0, 1, accumulate});      // more rows than b streams past
        check_case({form, 150, 49, 21, bd, bd, 0, 0, 0, accumulate});
      }
}

TEST_P(Gemm, StreamingAndPackingGiveTheSameBits) {
  set_batch_invariant(true);
  for (int64_t m : {13, 16, 17, 31, 33, 64})
    for (int64_t n : {1, 15, 70})
      for (int64_t k : {5, 64, 577})
        for (bool accumulate : {false, true}) {
          const Data a(DType::Float32, random_floats(100 * k)), b(DType::Float32, random_floats(n * k));
          const auto run = [&](int64_t rows) {
            std::vector<float> c(size_t(rows * n), 0.5f);
            gemm_nt(rows, n, k, a.data(), DType::Float32, k, b.data(), DType::Float32, k, c.data(), n, accumulate);
            c.resize(size_t(m * n));
            return c;
          };
          ASSERT_EQ(run(m), run(100)) << m << " " << n << " " << k;  // of 100 rows b is packed
        }
  set_batch_invariant(false);
}

// Levels that split f32 into parts of 8 bits give way where parts would be lost: the bound holds at any scale. The last
// term is what sums of subnormal numbers round by.
TEST_P(Gemm, F32OfAnyScale) {
  const DType f = DType::Float32;
  const auto check_scales = [&](Form form, bool accumulate, auto of_row, auto of_column) {
    const int64_t m = 70, n = 37, k = 333, lda = form == Form::Tn ? m : k, ldb = form == Form::Nt ? k : n;
    std::vector<float> a = random_floats(m * k), b = random_floats(n * k), c(size_t(m * n), accumulate ? 1e-30f : 7.f);
    for (int64_t p = 0; p < k; p++) {
      for (int64_t i = 0; i < m; i++) a[size_t(form == Form::Tn ? p * m + i : i * k + p)] *= float(of_row(i, p));
      for (int64_t j = 0; j < n; j++) b[size_t(form == Form::Nt ? j * k + p : p * n + j)] *= float(of_column(j, p));
    }
    std::vector<double> want(c.begin(), c.end()), size(c.size());
    call({form, m, n, k, f, f, 0, 0, 0, accumulate}, a.data(), lda, b.data(), ldb, c.data(), n);
    reference::gemm(form == Form::Tn, form == Form::Nt, m, n, k, a.data(), f, lda, b.data(), f, ldb, want.data(), n,
                    accumulate, size.data());
    for (size_t i = 0; i < c.size(); i++)
      ASSERT_LE(std::fabs(c[i] - want[i]), double(2 * k + 4) * 0x1p-24 * size[i] + double(k) * 0x1p-149)
          << "form " << int(form) << " acc " << accumulate << " at " << i << ": " << c[i] << ", " << want[i];
  };
  for (Form form : {Form::Nt, Form::Nn, Form::Tn})
    for (bool accumulate : {false, true}) {
      for (auto [x, y] : {std::pair{1e-36, 1e36},
                          {1e36, 1e-36},
                          {1e-20, 1e-20},
                          {1e-19, 1e-19},
                          {1e-25, 1.},
                          {1e18, 1e18},
                          {1e37, 1e-3},
                          {1e-40, 1e10},
                          {0., 1.},
                          {std::ldexp(1., -115), std::ldexp(1., 90)}})
        check_scales(
            form, accumulate, [=](auto, auto) { return x; }, [=](auto, auto) { return y; });
      const auto one = [](auto, auto) { return 1.; };
      const auto mixed = [](int64_t i, int64_t) { return i % 3 ? 1. : std::ldexp(1., int(-2 * i)); };  // to 2^-138
      check_scales(form, accumulate, mixed, one);
      check_scales(form, accumulate, one, mixed);
      // Elements of a row that are too small for their parts lose nothing that matters beside the others.
      check_scales(
          form, accumulate, [](int64_t i, int64_t p) { return (i + p) % 2 ? 1. : 1e-35; }, one);
    }
}

TEST_P(Gemm, ZerosOfTheLargestNumbers) {  // whose nearest bf16 is infinite
  const int64_t m = 70, n = 40, k = 70;
  const std::vector<float> zeros(size_t(m * k)), large(size_t(m * k), std::numeric_limits<float>::lowest());
  for (Form form : {Form::Nt, Form::Nn, Form::Tn})
    for (bool first : {false, true}) {
      std::vector<float> c(size_t(m * n), 7.f);
      call({form, m, n, k, DType::Float32, DType::Float32, 0, 0, 0, false}, (first ? large : zeros).data(), k,
           (first ? zeros : large).data(), form == Form::Nt ? k : n, c.data(), n);
      EXPECT_EQ(c, std::vector<float>(c.size())) << "form " << int(form);
    }
}

TEST_P(Gemm, Invariant) {
  set_batch_invariant(true);
  for (int64_t m : {1, 15, 33, 300})  // b streams past few rows of a, and is packed for many
    for (int64_t n : {5, 16, 39}) {
      const int64_t k = n == 39 ? 1300 : 131;  // in several steps
      const Data a(DType::Float32, random_floats(m * k)), b(DType::BFloat16, random_floats(n * k));
      std::vector<float> all = random_floats(m * n), one = all;
      gemm_nt(m, n, k, a.data(), DType::Float32, k, b.data(), DType::BFloat16, k, all.data(), n, true);
      for (int64_t i = 0; i < m; i++)
        gemm_nt(1, n, k, static_cast<const float*>(a.data()) + i * k, DType::Float32, k, b.data(), DType::BFloat16, k,
                &one[size_t(i * n)], n, true);
      ASSERT_EQ(one, all) << m << " " << n;
    }
  for (DType bd : kDtypes) {
    check_case({Form::Nt, 1, 100, 576, DType::Float32, bd});
    check_case({Form::Nt, 9, 100, 576, DType::Float32, bd});
    for (const int64_t k : {576, 577}) {
      const int64_t n = 130;
      const Data a(DType::Float32, random_floats(40 * k)), b(bd, random_floats(n * k));
      std::vector<float> all(size_t(40 * n)), one(static_cast<size_t>(n));
      gemm_nt(40, n, k, a.data(), DType::Float32, k, b.data(), bd, k, all.data(), n);
      for (int64_t i : {0, 7, 39}) {
        gemm_nt(1, n, k, static_cast<const float*>(a.data()) + i * k, DType::Float32, k, b.data(), bd, k, one.data(),
                n);
        for (int64_t j = 0; j < n; j++) ASSERT_EQ(one[size_t(j)], all[size_t(i * n + j)]) << "row " << i;
      }
    }
  }
  set_batch_invariant(false);
}

TEST_P(Gemm, SameBitsForAnyThreadCount) {
  for (Form form : {Form::Nt, Form::Nn, Form::Tn})
    for (DType bd : kDtypes)
      for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 300}, {8, 300}, {200, 300}, {600, 40}}) {  // wide and tall
        const int64_t k = 600, lda = form == Form::Tn ? m : k, ldb = form == Form::Nt ? k : n;
        const Data a(DType::Float32, random_floats(m * k)), b(bd, random_floats(n * k));
        std::vector<std::vector<float>> results;
        for (int threads : {1, 2, 3, 4, 5})
          with_threads(threads, [&, m = m, n = n] {
            std::vector<float> c(size_t(m * n));
            call({form, m, n, k, DType::Float32, bd}, a.data(), lda, b.data(), ldb, c.data(), n);
            results.push_back(c);
          });
        for (auto& r : results) ASSERT_EQ(r, results[0]) << int(form) << " " << m;
      }
}

TEST_P(Gemm, RoundedResultsAreTheRoundedSums) {
  const DType d = DType::BFloat16;
  for (auto [m, n, k] : {std::tuple<int64_t, int64_t, int64_t>{20, 5, 7}, {130, 49, 33}, {600, 70, 1300}})
    for (Form form : {Form::Nt, Form::Nn, Form::Tn}) {
      const bool ta = form == Form::Tn, tb = form == Form::Nt;
      const Data a(d, random_floats(m * k)), b(d, random_floats(n * k));
      const int64_t lda = ta ? m : k, ldb = tb ? k : n, ldc = n + 3;
      std::vector<bfloat16> c(size_t(m * ldc), bfloat16(7.f));
      const bool done = gemm_bf16(m, n, k, {a.data(), lda, ta}, {b.data(), ldb, tb}, c.data(), ldc);
      ASSERT_EQ(done, isa() == Isa::Amx && m >= 128);
      if (!done) continue;
      std::vector<float> sums(size_t(m * n));
      call({form, m, n, k, d, d}, a.data(), lda, b.data(), ldb, sums.data(), n);
      for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < ldc; j++)
          ASSERT_EQ(float(c[size_t(i * ldc + j)]), j < n ? float(bfloat16(sums[size_t(i * n + j)])) : 7.f);
    }
  float c[1];
  EXPECT_FALSE(gemm_bf16(1, 1, 0, {c, 1, false}, {c, 1, false}, c, 1));
}

TEST_P(Gemm, ManyEqualsSingles) {
  for (int64_t m : {1, 5, 40}) {
    const int64_t k = 200;
    const Data a(DType::Float32, random_floats(m * k));
    const int64_t sizes[] = {70, 0, 24, 33};
    const DType dtypes[] = {DType::BFloat16, DType::BFloat16, DType::BFloat16, DType::Float32};
    std::vector<Data> b;
    std::vector<std::vector<float>> c, want;
    std::vector<GemmTarget> targets;
    for (int i = 0; i < 4; i++) {
      b.emplace_back(dtypes[i], random_floats(sizes[i] * k));
      c.emplace_back(size_t(m * sizes[i]));
    }
    want = c;
    for (int i = 0; i < 4; i++) {
      const auto at = size_t(i);
      targets.push_back({b[at].data(), dtypes[i], k, sizes[i], c[at].data(), sizes[i]});
      gemm_nt(m, sizes[i], k, a.data(), DType::Float32, k, b[at].data(), dtypes[i], k, want[at].data(), sizes[i]);
    }
    gemm_nt_many(m, k, a.data(), DType::Float32, k, targets);
    EXPECT_EQ(c, want) << m;
  }
}

TEST_P(Gemm, ManyRowsOfSeveralTargets) {  // in bands, pieces of which lie in two targets
  const int64_t m = 203, k = 1300, sizes[] = {5, 37, 70};
  for (DType bd : {DType::Float32, DType::BFloat16})
    for (int threads : {1, 3})
      with_threads(threads, [&] {
        const Data a(DType::BFloat16, random_floats(m * k));
        std::vector<Data> b;
        std::vector<std::vector<float>> c, want;
        std::vector<GemmTarget> targets;
        for (int64_t n : sizes) {
          b.emplace_back(bd, random_floats(n * k));
          c.emplace_back(size_t(m * n), 1.f);
        }
        want = c;
        for (size_t i = 0; i < b.size(); i++) {
          targets.push_back({b[i].data(), bd, k, sizes[i], c[i].data(), sizes[i]});
          gemm_nt(m, sizes[i], k, a.data(), a.dtype, k, b[i].data(), bd, k, want[i].data(), sizes[i], true);
        }
        gemm_nt_many(m, k, a.data(), a.dtype, k, targets, true);
        EXPECT_EQ(c, want) << dtype_name(bd) << " " << threads;
      });
}

TEST_P(Gemm, Batched) {
  const int64_t m = 5, n = 18, k = 40, count = 7;
  const Data a(DType::Float32, random_floats(count * m * k)), b(DType::Float32, random_floats(n * k));
  std::vector<float> c(size_t(count * m * n)), want(size_t(m * n));
  gemm_nt_batched({count, m * k, 0, m * n}, m, n, k, a.data(), a.dtype, k, b.data(), b.dtype, k, c.data(), n);
  for (int64_t i = 0; i < count; i++) {
    gemm_nt(m, n, k, static_cast<const float*>(a.data()) + i * m * k, a.dtype, k, b.data(), b.dtype, k, want.data(), n);
    for (int64_t j = 0; j < m * n; j++) ASSERT_EQ(c[size_t(i * m * n + j)], want[size_t(j)]);
  }
}

TEST_P(Gemm, EmptySizes) {
  float c[6] = {1, 2, 3, 4, 5, 6};
  const float x[6] = {};
  const DType f = DType::Float32;
  gemm_nt(0, 3, 2, x, f, 2, x, f, 2, c, 3);
  gemm_nt(2, 0, 2, x, f, 2, x, f, 2, c, 3);
  gemm_nt(2, 3, 0, x, f, 2, x, f, 2, c, 3, true);
  for (int i = 0; i < 6; i++) EXPECT_EQ(c[i], float(i + 1));
  gemm_nt(2, 3, 0, x, f, 2, x, f, 2, c, 3);
  for (float v : c) EXPECT_EQ(v, 0.f);
}

TEST_P(Gemm, NanAndInfReachOnlyTheirRowAndColumn) {
  const float inf = std::numeric_limits<float>::infinity();
  for (Form form : {Form::Nt, Form::Nn, Form::Tn})
    for (DType bd : kDtypes)
      for (int64_t m : {3, 20, 80}) {
        const int64_t n = 21, k = 37, lda = form == Form::Tn ? m : k, ldb = form == Form::Nt ? k : n;
        std::vector<float> av = random_floats(m * k), bv(size_t(n * k), 1.f);
        for (float& v : av) v = std::fabs(v) + 0.1f;
        av[size_t(form == Form::Tn ? 5 * m + 1 : 1 * k + 5)] = NAN;
        bv[size_t(form == Form::Nt ? 2 * k + 36 : 36 * n + 2)] = inf;
        const Data a(DType::Float32, av), b(bd, bv);
        std::vector<float> c(size_t(m * n));
        call({form, m, n, k, DType::Float32, bd}, a.data(), lda, b.data(), ldb, c.data(), n);
        for (int64_t i = 0; i < m; i++)
          for (int64_t j = 0; j < n; j++) {
            const float v = c[size_t(i * n + j)];
            if (i == 1)
              EXPECT_TRUE(std::isnan(v));
            else if (j == 2)
              EXPECT_EQ(v, inf);
            else
              EXPECT_TRUE(std::isfinite(v)) << i << " " << j;
          }
      }
}

TEST(GemmErrors, DtypeWithoutAProduct) {
  float c[1];
  EXPECT_THROW(gemm_nt(1, 1, 1, c, DType::Int32, 1, c, DType::Float32, 1, c, 1), DtypeError);
  EXPECT_THROW(gemm_nt(1, 1, 1, c, DType::Float32, 1, c, DType::Int8, 1, c, 1), DtypeError);
}

TEST(GemmDouble, AgainstReference) {
  std::mt19937 g(3);
  std::normal_distribution<double> normal;
  for (Form form : {Form::Nt, Form::Nn, Form::Tn})
    for (bool accumulate : {false, true}) {
      const int64_t m = 7, n = 10, k = 33, lda = form == Form::Tn ? m : k, ldb = form == Form::Nt ? k : n;
      std::vector<double> a(size_t(m * k)), b(size_t(n * k)), c(size_t(m * n), 0.5), want = c;
      for (double& v : a) v = normal(g);
      for (double& v : b) v = normal(g);
      const auto f = form == Form::Nt ? static_cast<void (*)(int64_t, int64_t, int64_t, const double*, int64_t,
                                                             const double*, int64_t, double*, int64_t, bool)>(gemm_nt)
                     : form == Form::Nn
                         ? static_cast<void (*)(int64_t, int64_t, int64_t, const double*, int64_t, const double*,
                                                int64_t, double*, int64_t, bool)>(gemm_nn)
                         : static_cast<void (*)(int64_t, int64_t, int64_t, const double*, int64_t, const double*,
                                                int64_t, double*, int64_t, bool)>(gemm_tn);
      f(m, n, k, a.data(), lda, b.data(), ldb, c.data(), n, accumulate);
      reference::gemm(form == Form::Tn, form == Form::Nt, m, n, k, a.data(), DType::Float64, lda, b.data(),
                      DType::Float64, ldb, want.data(), n, accumulate);
      for (size_t i = 0; i < c.size(); i++) ASSERT_NEAR(c[i], want[i], 1e-13 * double(k));
    }
}

}  // namespace
}  // namespace ef::test
