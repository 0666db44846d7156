#include "generation/beams.h"

#include <algorithm>
#include <cmath>

#include "kernels/kernels.h"
#include "ops/ops.h"

namespace ef {

Tensor prefill_beams(Session& session, GenerateResult& result, int64_t beams) {
  const Tensor logits = session.prefill();
  std::vector<int64_t> rows;
  TokenHistory wide;
  for (int64_t p = 0; p < session.batch(); p++)
    for (int64_t b = 0; b < beams; b++) {
      rows.push_back(p);
      wide.rows.push_back(session.history.rows[size_t(p)]);
      wide.padding.push_back(session.history.padding[size_t(p)]);
    }
  const Tensor index = Tensor::from_data(rows, {int64_t(rows.size())});
  for (auto* steps : {&result.hidden_states, &result.attentions, &result.cross_attentions})
    for (auto& step : *steps)
      for (Tensor& t : step) t = index_select(t, 0, index);
  session.reorder(rows);
  session.history = std::move(wide);
  return index_select(logits, 0, index);
}

namespace {

struct Entry {
  double key;
  Continuation continuation;
};

// The entries with the highest keys so far, the lowest of them in front.
class Best {
 public:
  explicit Best(size_t count) : count_(count) { entries_.reserve(count); }
  bool full() const { return entries_.size() == count_; }
  double lowest() const { return entries_.front().key; }
  void offer(double key, const Continuation& c) {
    if (full()) {
      if (key <= lowest()) return;
      std::pop_heap(entries_.begin(), entries_.end(), later);
      entries_.pop_back();
    }
    entries_.push_back({key, c});
    std::push_heap(entries_.begin(), entries_.end(), later);
  }
  std::vector<Continuation> sorted() {
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      if (a.key != b.key) return a.key > b.key;
      return std::pair(a.continuation.beam, a.continuation.token) <
             std::pair(b.continuation.beam, b.continuation.token);
    });
    std::vector<Continuation> out;
    for (auto& e : entries_) out.push_back(e.continuation);
    return out;
  }

 private:
  static bool later(const Entry& a, const Entry& b) { return a.key > b.key; }
  size_t count_;
  std::vector<Entry> entries_;
};

}  // namespace

std::vector<Continuation> best_continuations(const float* scores, const float* so_far, int64_t beams, int64_t vocab,
                                             int64_t count, Generator* generator) {
  Best best(size_t(std::min(count, beams * vocab)));
  constexpr int64_t kBlock = 256;  // almost no block holds one of the best: most are passed over by their maximum
  for (int64_t b = 0; b < beams; b++) {
    const float* row = scores + b * vocab;
    const float before = so_far[b];
    for (int64_t from = 0; from < vocab; from += kBlock) {
      const int64_t to = std::min(from + kBlock, vocab);
      if (!generator && best.full()) {
        const auto lowest = float(best.lowest());  // a sum of floats, in double
        if (kernels().rows.max(to - from, row + from) + before <= lowest) continue;
      }
      for (int64_t t = from; t < to; t++) {
        const float sum = row[t] + before;
        double key = sum;
        if (generator) {  // the order of an exponential race: draws without replacement
          if (sum == -INFINITY) continue;
          key -= std::log(-std::log1p(-generator->uniform_double()));
        }
        best.offer(key, {sum, b, t, false});
      }
    }
  }
  return best.sorted();
}

}  // namespace ef
