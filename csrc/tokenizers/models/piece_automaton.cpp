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

PieceAutomaton::PieceAutomaton(std::vector<std::string_view> pieces, const std::vector<double>& scores,
                               double unknown) {
  struct Piece {
    double score;
    uint32_t length;  // in characters
  };
  std::vector<Piece> all(pieces.size());
  size_t n_short = 1;  // the first one has no piece at all
  for (size_t i = 0; i < pieces.size(); i++) {
    if (pieces[i].empty()) continue;
    if (utf8::find_invalid(pieces[i]) != std::string_view::npos) {
      pieces[i] = {};
      continue;
    }
    all[i] = {finite(scores[i]), uint32_t(utf8::count(pieces[i]))};
    int length;
    firsts_.set(utf8::decode(pieces[i].data(), length), 1);
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

  // The nodes of a trie become states one after the other, those of few bytes first, where they are: what is no state
  // yet has the label of one. The start's children become the first 256: no other node has a base below that. A byte
  // that leads nowhere from the start leads back to it.
  PrefixTrie::Levels levels;
  states_ = PrefixTrie(pieces, &levels).nodes();
  check<UnsupportedError>(states_.size() < kMostStates, "vocabulary: too large for an automaton");
  const auto base_in_trie = [](State node) { return uint32_t(PrefixTrie::place(node, 0)); };
  const uint32_t moved = base_in_trie(states_[0]);
  fails_.assign(states_.size(), kStartAt);
  for (uint32_t byte = 0; byte < 256; byte++) states_[byte] = state_of(0, 0, false, uint8_t(byte));
  std::vector<bool> far(states_.size());                      // states of kLevels bytes or more
  for (uint32_t depth = 0; depth < levels.size(); depth++) {  // which asks for nothing but what is less deep
    for (const auto [place, before] : levels[depth]) {
      const uint32_t at = depth == 0 ? place ^ moved : place, parent = depth == 1 ? before ^ moved : before;
      const State node = states_[place];
      const uint8_t byte = uint8_t(depth == 0 ? at : at ^ base_of(states_[parent]));
      uint32_t fail = kStartAt;
      if (depth > 0) {
        fail = fails_[parent];
        uint32_t next;
        while (label_of(states_[next = base_of(states_[fail]) ^ byte]) != byte) fail = fails_[fail];
        fail = next;
      }
      uint32_t ends = ends_of(states_[fail]);
      if (PrefixTrie::has_value(node)) {
        const uint32_t id = PrefixTrie::value_of(node);
        ends = add_piece(all[id], id, ends);
      }
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
  for (State& state : states_)  // where there is none: a text that is not UTF-8 leads back to the start
    if (label_of(state) == kStartAt) state = state_of(0, 0, false, kStartAt);
}

}  // namespace ef::tokenizers
