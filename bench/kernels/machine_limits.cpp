#include "machine_limits.h"

#include <chrono>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/thread_pool.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ef::bench {
namespace {

// The least time of several, of work that every thread does.
template <class F>
double seconds(F&& work) {
  double best = 1e9;
  for (int i = 0; i < 30; i++) {
    const auto begin = std::chrono::steady_clock::now();
    ThreadPool::instance().run([&](int id, int n) { work(id, n); });
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

using Wide = uint64_t __attribute__((vector_size(64)));
#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
void read(const Wide* p, const Wide* end, uint64_t* out) {
  Wide a{}, b{}, c{}, d{};
  for (; p + 4 <= end; p += 4) a |= p[0], b |= p[1], c |= p[2], d |= p[3];
  a |= b | c | d;
  *out = a[0] | a[7];
}
double read_limit() {
  const std::vector<Wide> memory(size_t(256 << 20) / sizeof(Wide), Wide{1});
  const double time = seconds([&](int id, int n) {
    uint64_t sum;
    read(memory.data() + memory.size() * size_t(id) / size_t(n),
         memory.data() + memory.size() * size_t(id + 1) / size_t(n), &sum);
    benchmark::DoNotOptimize(sum);
  });
  return double(memory.size() * sizeof(Wide)) / time * 1e-9;
}

constexpr int64_t kRounds = 200'000;
constexpr int kChains = 12;  // enough to hide the latency of the instruction

// GF/s of a loop that does kRounds x kChains instructions of so many products each.
double product_limit(void (*loop)(), int products) {
  const double time = seconds([&](int, int) { loop(); });
  return 2.0 * double(kRounds * kChains) * products * ThreadPool::instance().size() / time * 1e-9;
}

#if defined(__x86_64__)
#define EF_PEAK(name, isa, vector, zero, step)                                                           \
  __attribute__((target(isa))) void name() {                                                             \
    vector sums[kChains], a = zero, b = zero;                                                            \
    benchmark::DoNotOptimize(a);                                                                         \
    benchmark::DoNotOptimize(b);                                                                         \
    for (vector & sum : sums) sum = zero;                                                                \
    for (int64_t i = 0; i < kRounds; i++) _Pragma("GCC unroll 12") for (vector & sum : sums) sum = step; \
    for (vector & sum : sums) benchmark::DoNotOptimize(sum);                                             \
  }
EF_PEAK(fma_avx2, "avx2,fma", __m256, _mm256_setzero_ps(), _mm256_fmadd_ps(a, b, sum))
EF_PEAK(fma_avx512, "avx512f", __m512, _mm512_setzero_ps(), _mm512_fmadd_ps(a, b, sum))
EF_PEAK(bf16_avx512, "avx512f,avx512bf16", __m512, _mm512_setzero_ps(),
        _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh&>(a), reinterpret_cast<__m512bh&>(b)))
EF_PEAK(int8_avx2, "avx2", __m256i, _mm256_setzero_si256(),
        _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), b)))
EF_PEAK(int8_avx512, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512(), _mm512_dpbusd_epi32(sum, a, b))
#undef EF_PEAK
#endif

Limits measure() {
  Limits out{read_limit(), 0, 0, 0};
#if defined(__x86_64__)
  const char* isa = isa_name();
  const bool avx512 = std::strncmp(isa, "avx512", 6) == 0 || std::strcmp(isa, "amx") == 0;
  if (avx512)
    out.f32 = product_limit(fma_avx512, 16);
  else if (std::strcmp(isa, "avx2") == 0)
    out.f32 = product_limit(fma_avx2, 8), out.int8 = product_limit(int8_avx2, 32);
  if (avx512 && __builtin_cpu_supports("avx512vnni")) out.int8 = product_limit(int8_avx512, 64);
  if (avx512 && __builtin_cpu_supports("avx512bf16") && std::strcmp(isa, "avx512") != 0)
    out.bf16 = product_limit(bf16_avx512, 32);
#endif
  if (out.bf16 == 0) out.bf16 = out.f32;
  return out;
}
}  // namespace

const Limits& limits() {
  static const Limits out = measure();
  return out;
}

}  // namespace ef::bench
