// Subword regularization: one of the ways to cut a word into pieces, drawn by their scores (Kudo 2018).
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace ef::tokenizers {

struct UnigramSampling {
  std::optional<double> alpha;         // how much scores count; without it, or with 0, the best way is taken
  std::optional<uint64_t> nbest_size;  // how many of the best ways are drawn from; without it, or with 0, all of them
  bool on() const { return alpha && *alpha != 0; }
};

// A piece that the word from `begin` to `end` may be.
struct PieceSpan {
  uint32_t begin, end, id;
  double score;
};

// The pieces of one way through `pieces`, from the last to the first. Those that end at the same place are in order of
// `begin`, and every position where one ends, `size` apart, is where another begins. TokenizerError for an nbest_size
// over 65536.
std::vector<PieceSpan> sample_pieces(const std::vector<PieceSpan>& pieces, uint32_t size,
                                     const UnigramSampling& sampling);

}  // namespace ef::tokenizers
