#include "generation/hypotheses.h"

#include <algorithm>
#include <cmath>

namespace ef {

double Hypotheses::scored(double log_probability, int64_t length) const {
  return log_probability / std::pow(double(length), length_penalty_);
}

void Hypotheses::add(double log_probability, int64_t length, std::vector<int64_t> tokens, std::vector<int64_t> beams) {
  const double score = scored(log_probability, length);
  if (full() && !(score > worst_)) return;
  const auto lower = [](const Hypothesis& a, const Hypothesis& b) { return a.score < b.score; };
  kept_.push_back({score, std::move(tokens), std::move(beams)});
  if (kept_.size() > count_) kept_.erase(std::min_element(kept_.begin(), kept_.end(), lower));
  worst_ = std::min_element(kept_.begin(), kept_.end(), lower)->score;
}

}  // namespace ef
