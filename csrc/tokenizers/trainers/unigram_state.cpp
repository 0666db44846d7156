#include <algorithm>
#include <cmath>
#include <limits>

#include "core/thread_pool.h"
#include "tokenizers/trainers/unigram_learner.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

constexpr double kUnknownPenalty = 10;
constexpr double kNone = -std::numeric_limits<double>::infinity();

// log(exp(x) + exp(y))
double log_sum(double x, double y) {
  const double low = std::min(x, y), high = std::max(x, y);
  return high > low + 50 ? high : high + std::log(std::exp(low - high) + 1);
}

// Sums over the words, piece by piece of the list, so that the bits don't depend on the number of threads.
template <class F>
std::vector<double> sum_over(const CountedWords& words, size_t size, F&& f) {
  constexpr int64_t kParts = 16;
  std::vector<std::vector<double>> sums(kParts);
  parallel_for(kParts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; p++) {
      sums[size_t(p)].assign(size, 0);
      const size_t from = words.size() * size_t(p) / kParts, to = words.size() * size_t(p + 1) / kParts;
      for (size_t w = from; w < to; w++) f(words[w], sums[size_t(p)]);
    }
  });
  for (size_t p = 1; p < sums.size(); p++)
    for (size_t i = 0; i < size; i++) sums[0][i] += sums[p][i];
  return std::move(sums[0]);
}

}  // namespace

UnigramState::UnigramState(ScoredPieces pieces) : pieces_(std::move(pieces)), lowest_(-kNone) {
  std::vector<std::string_view> keys;
  for (auto& [piece, score] : pieces_) {
    keys.push_back(piece);
    if (score < lowest_) lowest_ = score;
  }
  trie_ = PrefixTrie(keys);
}

template <class F>
void UnigramState::for_each_piece(std::string_view text, uint32_t at, F&& f) const {
  const uint32_t n = uint32_t(utf8::length_of(text[at]));
  bool single = false;
  trie_.for_each_prefix(text.substr(at), [&](uint32_t length, uint32_t id) {
    if (id == 0) return;
    f(length, id, pieces_[id].second);
    single |= length == n;
  });
  if (!single) f(n, 0, lowest_ - kUnknownPenalty);
}

std::vector<double> UnigramState::expected(const CountedWords& words) const {
  struct Node {
    uint32_t begin, end, id;
    double score;
  };
  return sum_over(words, pieces_.size(), [&](const auto& counted, std::vector<double>& sums) {
    const std::string_view text = counted.first;
    thread_local std::vector<Node> nodes;
    thread_local std::vector<double> forward, backward;
    nodes.clear();
    forward.assign(text.size() + 1, kNone);
    backward.assign(text.size() + 1, kNone);
    forward[0] = backward[text.size()] = 0;
    for (uint32_t at = 0; at < text.size(); at += uint32_t(utf8::length_of(text[at])))
      for_each_piece(text, at, [&](uint32_t length, uint32_t id, double score) {
        nodes.push_back({at, at + length, id, score});
        double& to = forward[at + length];
        const double here = score + forward[at];
        to = to == kNone ? here : log_sum(to, here);
      });
    for (size_t i = nodes.size(); i-- > 0;) {
      double& to = backward[nodes[i].begin];
      const double here = nodes[i].score + backward[nodes[i].end];
      to = to == kNone ? here : log_sum(to, here);
    }
    const double all = forward[text.size()];
    check<TokenizerError>(std::isfinite(all) || text.empty(),
                          "UnigramTrainer: likelihood is NAN. Input sentence may be too long.");
    for (const Node& n : nodes)
      sums[n.id] += double(counted.second) * std::exp(forward[n.begin] + n.score + backward[n.end] - all);
  });
}

std::vector<uint32_t> UnigramState::best(std::string_view text) const {
  struct Step {
    double score;
    uint32_t begin, id;
  };
  thread_local std::vector<Step> steps;
  steps.assign(text.size() + 1, {kNone, 0, 0});
  steps[0].score = 0;
  for (uint32_t at = 0; at < text.size(); at += uint32_t(utf8::length_of(text[at])))
    for_each_piece(text, at, [&](uint32_t length, uint32_t id, double score) {
      const double here = steps[at].score + score;
      if (here > steps[at + length].score) steps[at + length] = {here, at, id};
    });
  std::vector<uint32_t> out;
  for (uint32_t end = uint32_t(text.size()); end > 0; end = steps[end].begin) out.push_back(steps[end].id);
  std::reverse(out.begin(), out.end());
  return out;
}

namespace {

// A segmentation from its end on: a piece, what follows it, and how good the whole can become.
struct Hypothesis {
  uint32_t begin, id;
  int32_t next;  // index of the piece behind it
  double whole, behind;
};

// A binary heap that treats equal scores as `tokenizers` does: a new one rises above its equals, a fallen one stays
// below them.
class Agenda {
 public:
  explicit Agenda(const std::vector<Hypothesis>& all) : all_(all) {}
  bool empty() const { return heap_.empty(); }
  void push(int32_t index) {
    heap_.push_back(index);
    rise(heap_.size() - 1);
  }
  int32_t pop() {
    const int32_t top = heap_.front(), last = heap_.back();
    heap_.pop_back();
    if (heap_.empty()) return top;
    size_t at = 0;
    for (size_t child = 1; child < heap_.size(); child = 2 * at + 1) {
      if (child + 1 < heap_.size() && score(child) < score(child + 1)) child++;
      heap_[at] = heap_[child];
      at = child;
    }
    heap_[at] = last;
    rise(at);
    return top;
  }

 private:
  double score(size_t at) const { return all_[size_t(heap_[at])].whole; }
  void rise(size_t at) {
    while (at > 0 && !(score(at) < score((at - 1) / 2))) {
      std::swap(heap_[at], heap_[(at - 1) / 2]);
      at = (at - 1) / 2;
    }
  }
  const std::vector<Hypothesis>& all_;
  std::vector<int32_t> heap_;
};

}  // namespace

std::vector<std::vector<uint32_t>> UnigramState::two_best(std::string_view text) const {
  struct Node {
    uint32_t begin, id;
    double score, best;  // its own, and of the best way that ends with it
  };
  std::vector<std::vector<Node>> ending(text.size() + 1);
  std::vector<double> best(text.size() + 1, kNone);
  best[0] = 0;
  for (uint32_t at = 0; at < text.size(); at += uint32_t(utf8::length_of(text[at])))
    for_each_piece(text, at, [&](uint32_t length, uint32_t id, double score) {
      const double here = best[at] + score;
      ending[at + length].push_back({at, id, score, here});
      best[at + length] = std::max(best[at + length], here);
    });
  std::vector<Hypothesis> all{{uint32_t(text.size()), 0, -1, 0, 0}};
  Agenda agenda(all);
  agenda.push(0);
  std::vector<std::vector<uint32_t>> out;
  while (!agenda.empty() && out.size() < 2) {
    const int32_t top = agenda.pop();
    const Hypothesis here = all[size_t(top)];
    if (here.begin == 0) {
      out.emplace_back();
      for (int32_t i = top; all[size_t(i)].next >= 0; i = all[size_t(i)].next) out.back().push_back(all[size_t(i)].id);
      continue;
    }
    for (const Node& n : ending[here.begin]) {
      all.push_back({n.begin, n.id, top, n.best + here.behind, n.score + here.behind});
      agenda.push(int32_t(all.size() - 1));
    }
  }
  return out;
}

std::vector<double> UnigramState::best_counts(const CountedWords& words) const {
  return sum_over(words, pieces_.size(), [&](const auto& counted, std::vector<double>& sums) {
    for (uint32_t id : best(counted.first)) sums[id] += double(counted.second);
  });
}

}  // namespace ef::tokenizers
