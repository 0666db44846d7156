#include "generation/sampling.h"

#include <cmath>
#include <map>

#include "kernels/kernels.h"

namespace ef {

int64_t argmax(std::span<const float> scores) { return kernels().rows.argmax(int64_t(scores.size()), scores.data()); }

int64_t sample(std::span<const float> scores, Generator& generator) {
  const float top = scores[size_t(argmax(scores))];
  double sum = 0;
  for (float s : scores) sum += std::exp(double(s - top));
  check<Error>(std::isfinite(sum) && sum > 0,
               "generate: probability tensor contains either `inf`, `nan` or element < 0");
  double left = generator.uniform_double() * sum;
  int64_t last = 0;
  for (size_t i = 0; i < scores.size(); i++) {
    const double p = std::exp(double(scores[i] - top));
    if (p == 0) continue;
    last = int64_t(i);
    if ((left -= p) < 0) break;
  }
  return last;
}

std::vector<Generator> row_generators(const TokenHistory& prompt) {
  uint64_t base;
  {
    std::lock_guard lock(generator_lock());
    base = default_generator().random64();
  }
  std::map<uint64_t, uint64_t> copies;  // the same prompt several times: a stream for each
  std::vector<Generator> out;
  for (size_t i = 0; i < prompt.rows.size(); i++) {
    uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a over the tokens, padding left out
    for (size_t t = size_t(prompt.padding[i]); t < prompt.rows[i].size(); t++)
      hash = (hash ^ uint64_t(prompt.rows[i][t])) * 0x100000001b3ull;
    uint64_t seed = base ^ (hash + copies[hash]++ * 0x9e3779b97f4a7c15ull);
    seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9ull;  // splitmix64's finaliser: mt19937 takes the low 32 bits
    out.emplace_back(seed ^ (seed >> 31));
  }
  return out;
}

}  // namespace ef
