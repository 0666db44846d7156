#include "tokenizers/models/unigram_sample.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/random.h"

namespace ef::tokenizers {
namespace {

constexpr uint64_t kMostWays = 65536;

// For every position, the pieces that end there.
std::vector<std::vector<uint32_t>> by_end(const std::vector<PieceSpan>& pieces, uint32_t size) {
  std::vector<std::vector<uint32_t>> out(size + 1);
  for (uint32_t i = 0; i < pieces.size(); i++) out[pieces[i].end].push_back(i);
  return out;
}

// Weights of zero throughout give the first.
size_t draw(const std::vector<double>& weights) {
  double total = 0;
  for (double w : weights) total += w;
  double left;
  {
    std::lock_guard lock(generator_lock());
    left = default_generator().uniform_double() * total;
  }
  for (size_t i = 0; i < weights.size(); i++)
    if ((left -= weights[i]) < 0) return i;
  return 0;
}

// Forward sums, then a walk back that draws each piece. `tokenizers` applies alpha again to the sum of what stands
// before a piece, and so do we: the draws follow its distribution.
std::vector<PieceSpan> sample_all(const std::vector<PieceSpan>& pieces, uint32_t size, double alpha) {
  const auto ends = by_end(pieces, size);
  std::vector<double> sum(size + 1, 0.0);
  for (uint32_t at = 1; at <= size; at++) {
    double most = -INFINITY, total = 0;
    for (uint32_t i : ends[at]) most = std::max(most, alpha * (pieces[i].score + sum[pieces[i].begin]));
    for (uint32_t i : ends[at]) total += std::exp(alpha * (pieces[i].score + sum[pieces[i].begin]) - most);
    if (!ends[at].empty()) sum[at] = most + std::log(total);
  }
  std::vector<PieceSpan> out;
  std::vector<double> weights;
  for (uint32_t at = size; at > 0; at = out.back().begin) {
    weights.clear();
    for (uint32_t i : ends[at]) weights.push_back(std::exp(sum[pieces[i].begin] + alpha * pieces[i].score - sum[at]));
    out.push_back(pieces[ends[at][draw(weights)]]);
  }
  return out;
}

// The n best ways to every position, then a draw among those to the end.
std::vector<PieceSpan> sample_best(const std::vector<PieceSpan>& pieces, uint32_t size, double alpha, size_t n) {
  struct Way {
    double score;
    uint32_t piece, rank;  // the last piece, and which of the ways to its beginning
  };
  const auto ends = by_end(pieces, size);
  std::vector<std::vector<Way>> ways(size + 1);
  ways[0].push_back({0, 0, 0});
  for (uint32_t at = 1; at <= size; at++) {
    auto& here = ways[at];
    for (uint32_t i : ends[at])
      for (uint32_t rank = 0; rank < ways[pieces[i].begin].size(); rank++)
        here.push_back({ways[pieces[i].begin][rank].score + pieces[i].score, i, rank});
    const size_t kept = std::min(n, here.size());
    std::partial_sort(here.begin(), here.begin() + ptrdiff_t(kept), here.end(),
                      [](const Way& a, const Way& b) { return a.score > b.score; });
    here.resize(kept);
  }
  std::vector<double> weights;
  for (auto& way : ways[size]) weights.push_back(std::exp(alpha * way.score));
  std::vector<PieceSpan> out;
  uint32_t rank = uint32_t(draw(weights));
  for (uint32_t at = size; at > 0; at = out.back().begin) {
    const Way way = ways[at][rank];
    out.push_back(pieces[way.piece]);
    rank = way.rank;
  }
  return out;
}

}  // namespace

std::vector<PieceSpan> sample_pieces(const std::vector<PieceSpan>& pieces, uint32_t size,
                                     const UnigramSampling& sampling) {
  const uint64_t n = sampling.nbest_size.value_or(0);
  check<TokenizerError>(n <= kMostWays, "Unigram: nbest_size is ", n, ", at most ", kMostWays, " is possible");
  return n ? sample_best(pieces, size, *sampling.alpha, size_t(n)) : sample_all(pieces, size, *sampling.alpha);
}

}  // namespace ef::tokenizers
