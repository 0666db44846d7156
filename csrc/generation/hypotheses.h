// The best finished texts of one group of beams.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ef {

struct Hypothesis {
  double score = 0;                    // log-probability over a power of the length
  std::vector<int64_t> tokens, beams;  // new tokens without that which ended them, and the row that each came from
};

class Hypotheses {
 public:
  Hypotheses(int64_t count, double length_penalty) : count_(size_t(count)), length_penalty_(length_penalty) {}
  // A text with this log-probability and `length` new tokens, its end included; kept while among the best.
  void add(double log_probability, int64_t length, std::vector<int64_t> tokens, std::vector<int64_t> beams);
  bool full() const { return kept_.size() >= count_; }
  double worst() const { return worst_; }
  double scored(double log_probability, int64_t length) const;
  const std::vector<Hypothesis>& kept() const { return kept_; }

 private:
  size_t count_;
  double length_penalty_, worst_ = 1e9;
  std::vector<Hypothesis> kept_;  // as they came
};

}  // namespace ef
