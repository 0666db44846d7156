#include "generation/sampling.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "core/thread_pool.h"
#include "kernels/kernels.h"

namespace ef {

// Piece by piece, each by the thread that is likely to have written it: the first of equals, or the first NaN.
int64_t argmax(std::span<const float> scores) {
  constexpr int64_t kPiece = 4096;
  const int64_t n = int64_t(scores.size()), pieces = (n + kPiece - 1) / kPiece;
  std::vector<int64_t> best(size_t(std::max<int64_t>(1, pieces)));
  parallel_for(pieces, 4, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      best[size_t(i)] =
          i * kPiece + kernels().rows.argmax(std::min(kPiece, n - i * kPiece), scores.data() + i * kPiece);
  });
  const auto beats = [&](int64_t later, int64_t sooner) {
    const float a = scores[size_t(later)], b = scores[size_t(sooner)];
    return !std::isnan(b) && (std::isnan(a) || a > b);
  };
  int64_t found = best[0];
  for (int64_t at : best)
    if (beats(at, found)) found = at;
  return found;
}

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
