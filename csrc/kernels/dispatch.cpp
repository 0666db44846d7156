#include <atomic>
#include <cstdlib>

#include "core/error.h"
#include "kernels/kernels.h"

namespace ef {

extern const Kernels kBaselineKernels, kNeonKernels, kAvx2Kernels, kAvx512Kernels, kAvx512Bf16Kernels;

namespace {

// The tables this CPU can run, best first.
std::vector<const Kernels*> usable() {
  std::vector<const Kernels*> out;
#if defined(__x86_64__)
  [[maybe_unused]] const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  [[maybe_unused]] const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                                       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                                       __builtin_cpu_supports("avx512vnni");
#ifdef EF_HAVE_AVX512BF16
  if (avx512 && __builtin_cpu_supports("avx512bf16")) out.push_back(&kAvx512Bf16Kernels);
#endif
#ifdef EF_HAVE_AVX512
  if (avx512) out.push_back(&kAvx512Kernels);
#endif
#ifdef EF_HAVE_AVX2
  if (avx2) out.push_back(&kAvx2Kernels);
#endif
#endif
#ifdef EF_HAVE_NEON
  out.push_back(&kNeonKernels);
#endif
  out.push_back(&kBaselineKernels);
  return out;
}

const Kernels* find(std::string_view name, const char* source) {
  std::string known;
  for (const Kernels* k : usable()) {
    if (k->name == name) return k;
    known += str(known.empty() ? "" : ", ", k->name);
  }
  fail<ConfigError>(source, ": found '", name, "', needed an instruction set that this machine has: ", known);
}

const Kernels* choose() {
  const char* text = std::getenv("EIGENFORMERS_ISA");
  return text && *text ? find(text, "EIGENFORMERS_ISA") : usable().front();
}

std::atomic<const Kernels*> selected{nullptr};

}  // namespace

const Kernels& kernels() {
  const Kernels* k = selected.load(std::memory_order_acquire);
  if (!k) [[unlikely]] {
    k = choose();
    selected.store(k, std::memory_order_release);
  }
  return *k;
}

Isa isa() { return kernels().isa; }
const char* isa_name() { return kernels().name; }

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const Kernels* k : usable()) names.push_back(k->name);
  return names;
}

void select_isa(std::string_view name) { selected.store(find(name, "select_isa"), std::memory_order_release); }

}  // namespace ef
