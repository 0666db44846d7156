#include "tokenizers/models/piece_automaton.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "tokenizers/models/prefix_trie.h"

namespace ef::tokenizers {
namespace {
// So that sums stay finite: -infinity is where there is no piece.
double finite(double score) {
  constexpr double kMost = 1e290;
  return std::max(-kMost, std::min(kMost, score));
}
}  // namespace

PieceAutomaton::PieceAutomaton(const std::vector<std::string_view>& pieces, const std::vector<double>& scores,
                               double unknown) {
  PrefixTrie::Levels levels;
  const BigVector<PrefixTrie::Node> nodes = PrefixTrie(pieces, &levels).nodes();
  check<UnsupportedError>(nodes.size() < kMostStates, "vocabulary: too large for an automaton");
  const auto base_in_trie = [&](uint32_t node) { return uint32_t(PrefixTrie::place(nodes[node], 0)); };

  struct Piece {
    double score;
    uint32_t length;  // in characters; 0 of what is never found
  };
  std::vector<Piece> all(pieces.size());
  size_t n_short = 1;  // the first one has no piece at all
  for (size_t i = 0; i < pieces.size(); i++) {
    const bool never = pieces[i].empty() || utf8::is_continuation(pieces[i][0]);
    all[i] = {finite(scores[i]), never ? 0 : uint32_t(utf8::count(pieces[i]))};
    n_short += all[i].length <= kShort;
  }
  first_long_ = uint32_t(n_short * kShort);
  const size_t n_slots = first_long_ + pieces.size() + 1 - n_short;
  scores_.reserve(n_slots), ids_.reserve(n_slots), longs_.reserve(n_slots - first_long_);
  scores_.assign(first_long_, -std::numeric_limits<double>::infinity());
  ids_.assign(first_long_, kNone);
  scores_[0] = finite(unknown);
  uint32_t sets = 1;
  const auto add_piece = [&](const Piece& piece, uint32_t id, uint32_t shorter) {
    if (piece.length > kShort) {
      const uint32_t slot = uint32_t(scores_.size());
      scores_.push_back(piece.score);
      ids_.push_back(id);
      longs_.push_back({piece.length, shorter});
      return slot;
    }
    const uint32_t first = sets++ * kShort;
    std::copy_n(&scores_[shorter], kShort, &scores_[first]);
    std::copy_n(&ids_[shorter], kShort, &ids_[first]);
    scores_[first + piece.length - 1] = piece.score;
    ids_[first + piece.length - 1] = id;
    return first;
  };

  // The start's children become the first 256: no other node has a base below that. A byte that leads nowhere from the
  // start leads back to it.
  const uint32_t start = uint32_t(nodes.size());
  states_.assign(nodes.size() + 1, state_of(0, 0, false, kFree));
  fails_.assign(nodes.size() + 1, start);
  for (uint32_t byte = 0; byte < 256; byte++) states_[byte] = state_of(0, 0, false, uint8_t(byte));
  std::vector<bool> far(nodes.size() + 1);                    // states of kLevels bytes or more
  for (uint32_t depth = 0; depth < levels.size(); depth++) {  // which asks for nothing but what is less deep
    for (const auto [node, parent] : levels[depth]) {
      const uint8_t byte = uint8_t(node ^ base_in_trie(parent));
      uint32_t fail = start;
      if (depth > 0) {
        fail = fails_[depth == 1 ? parent ^ base_in_trie(0) : parent];
        uint32_t next;
        while (label_of(states_[next = base_of(states_[fail]) ^ byte]) != byte) fail = fails_[fail];
        fail = next;
      }
      uint32_t ends = ends_of(states_[fail]);
      if (PrefixTrie::has_value(nodes[node])) {
        const uint32_t id = PrefixTrie::value_of(nodes[node]);
        if (all[id].length) ends = add_piece(all[id], id, ends);
      }
      const uint32_t at = depth == 0 ? byte : node;
      uint32_t base = base_in_trie(node);
      if (base == 0) {  // what has no children goes on as the next shorter one does
        base = base_of(states_[fail]);
        fail = fails_[fail];
      }
      states_[at] = state_of(base, ends, far[fail], byte);
      fails_[at] = fail;
      far[at] = depth + 1 >= kLevels;
    }
  }
  for (const std::string_view piece : pieces) {
    if (piece.empty()) continue;
    int length;
    firsts_.set(utf8::decode(piece.data(), length), 1);
  }
}

}  // namespace ef::tokenizers
