#include <atomic>
#include <cstdlib>
#ifdef EF_HAVE_AMX
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "core/error.h"
#include "kernels/kernels.h"

namespace ef {

extern const Kernels kBaselineKernels, kNeonKernels, kAvx2Kernels, kAvx512Kernels, kAvx512Bf16Kernels, kAmxKernels;

namespace {

#ifdef EF_HAVE_AMX
// The tile registers are 8 KB of state that Linux hands out on request, once for the process.
bool amx_granted() {
  static const bool granted = [] {
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d >> 22 & 1) || !(d >> 24 & 1) || !(d >> 25 & 1))
      return false;                                              // AMX-BF16, AMX-TILE, AMX-INT8
    constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  }();
  return granted;
}
#endif

// The tables this CPU can run, best first.
std::vector<const Kernels*> usable() {
  std::vector<const Kernels*> out;
#if defined(__x86_64__)
  [[maybe_unused]] const bool avx2 =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  [[maybe_unused]] const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                                       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                                       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
#ifdef EF_HAVE_AMX
  if (avx512 && __builtin_cpu_supports("avx512bf16") && amx_granted()) out.push_back(&kAmxKernels);
#endif
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
