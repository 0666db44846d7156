#include "tokenizers/models/piece_automaton.h"

#include <algorithm>

#include "tokenizers/models/prefix_trie.h"

namespace ef::tokenizers {

PieceAutomaton::PieceAutomaton(const std::vector<std::string_view>& pieces, const std::vector<double>& scores)
    : pieces_(pieces.size()) {
  for (size_t i = 0; i < pieces.size(); i++) pieces_[i] = {scores[i], uint32_t(pieces[i].size()), kNone};
  PrefixTrie::Levels levels;
  const BigVector<PrefixTrie::Node> nodes = PrefixTrie(pieces, &levels).nodes();
  const auto base_of = [&](uint32_t node) { return uint32_t(PrefixTrie::place(nodes[node], 0)); };

  // The start's children become the first 256: no other node has a base below that. A byte that leads nowhere from the
  // start leads back to it.
  const uint32_t start = uint32_t(nodes.size());
  const State first{0, 0, start, kNone};
  states_.assign(nodes.size() + 1, State{0, kNone, start, kNone});
  std::fill_n(states_.begin(), 256, first);
  states_.back() = first;
  const auto index_of_next = [&](State state, uint8_t byte) {
    while (states_[state.base ^ byte].check != state.base) state = states_[state.fail];
    return state.base ^ byte;
  };
  for (size_t depth = 0; depth < levels.size(); depth++) {  // which asks for nothing but what is less deep
    for (const auto [node, parent] : levels[depth]) {
      const uint32_t byte = node ^ base_of(parent);
      const State& before = depth == 0 ? first : states_[depth == 1 ? parent ^ base_of(0) : parent];
      const uint32_t fail = depth == 0 ? start : index_of_next(states_[before.fail], uint8_t(byte));
      State state{base_of(node), depth == 0 ? 0 : base_of(parent), fail, states_[fail].piece};
      if (PrefixTrie::has_value(nodes[node])) {
        const uint32_t piece = PrefixTrie::value_of(nodes[node]);
        pieces_[piece].shorter = state.piece;
        state.piece = piece;
      }
      if (state.base == 0) {  // what has no children goes on as the next shorter one does
        state.base = states_[fail].base;
        state.fail = states_[fail].fail;
      }
      states_[depth == 0 ? byte : node] = state;
    }
  }
}

}  // namespace ef::tokenizers
