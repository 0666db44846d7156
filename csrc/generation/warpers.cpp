#include "generation/warpers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace ef {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
using Ids = std::span<const int64_t>;
using Scores = std::span<float>;

float highest(Scores s) {
  float m = kNever;
  for (float v : s) m = std::max(m, v);
  return m;
}

// Indices of the scores that are still possible, best first (ties: lower index first).
std::vector<int32_t> ranked(Scores s) {
  std::vector<int32_t> order;
  for (size_t i = 0; i < s.size(); i++)
    if (s[i] > kNever) order.push_back(int32_t(i));
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return s[size_t(a)] > s[size_t(b)] || (s[size_t(a)] == s[size_t(b)] && a < b);
  });
  return order;
}

// Probabilities of the possible scores; the rest have none. Returns log(sum exp(s - top)).
double probabilities(Scores s, std::vector<double>& p) {
  const double top = highest(s);
  double sum = 0;
  p.resize(s.size());
  for (size_t i = 0; i < s.size(); i++) sum += p[i] = s[i] > kNever ? std::exp(double(s[i]) - top) : 0;
  for (double& v : p) v /= sum;
  return top + std::log(sum);
}

struct Warper : RowProcessor {
  size_t keep = 1;  // so many tokens always stay: beam search needs as many candidates
  std::vector<double> p;
};

// The n-th best score; the lowest of all where there are fewer.
float nth_best(Scores s, size_t n, std::vector<float>& copy) {
  copy.assign(s.begin(), s.end());
  n = std::min(n, copy.size());
  std::nth_element(copy.begin(), copy.begin() + int64_t(n - 1), copy.end(), std::greater<>());
  return copy[n - 1];
}

struct Temperature : RowProcessor {
  float temperature = 1;
  void row(Ids, int64_t, Scores s) override {
    for (float& v : s) v /= temperature;
  }
};

// E. Baghaei Potraghloo et al., "Top-H Decoding", 2025: the most likely tokens until their entropy passes a share of
// the whole.
struct TopH : Warper {
  double share = 1;
  void row(Ids, int64_t, Scores s) override {
    constexpr size_t kMost = 100;
    std::vector<int32_t> order = ranked(s);
    if (order.size() > kMost) order.resize(kMost);
    if (order.empty()) return;
    std::vector<double> q;
    double sum = 0, entropy = 0;
    for (int32_t i : order) sum += q.emplace_back(std::exp(double(s[size_t(i)]) - double(s[size_t(order[0])])));
    for (double& v : q) {
      v /= sum;
      if (v > 0) entropy -= v * std::log(v);
    }
    const double threshold = entropy * share;
    size_t kept = 0;
    double running = 0;
    while (kept < q.size()) {
      const double next = running - (q[kept] > 0 ? q[kept] * std::log(q[kept]) : 0);
      if (kept > 0 && (float(q[kept]) == 0 || next > threshold)) break;
      running = next;
      kept++;
    }
    std::vector<float> keep;
    for (size_t i = 0; i < kept; i++) keep.push_back(s[size_t(order[i])]);
    std::fill(s.begin(), s.end(), kNever);
    for (size_t i = 0; i < kept; i++) s[size_t(order[i])] = keep[i];
  }
};

struct TopK : Warper {
  size_t k = 1;
  std::vector<float> copy;
  void row(Ids, int64_t, Scores s) override {
    const size_t count = std::max(k, keep);
    if (count >= s.size()) return;
    const float least = nth_best(s, count, copy);  // ties with the k-th stay
    for (float& v : s)
      if (v < least) v = kNever;
  }
};

struct TopP : Warper {
  double mass = 1;
  void row(Ids, int64_t, Scores s) override {
    const std::vector<int32_t> order = ranked(s);
    if (order.empty()) return;
    const double log_sum = probabilities(s, p);
    (void)log_sum;
    // From the least likely up, tokens go while their sum stays within 1 - mass; the best always stay.
    double tail = 0;
    for (size_t i = order.size(); i-- > keep;) {
      tail += p[size_t(order[i])];
      if (tail > 1 - mass) break;
      s[size_t(order[i])] = kNever;
    }
  }
};

struct MinP : Warper {
  double least = 0;
  std::vector<float> copy;
  void row(Ids, int64_t, Scores s) override {
    const float limit = std::min(highest(s) + float(std::log(least)), nth_best(s, keep, copy));
    for (float& v : s)
      if (v < limit) v = kNever;
  }
};

// C. Meister et al., "Locally Typical Sampling", 2022: the tokens whose surprise is nearest to the entropy.
struct Typical : Warper {
  double mass = 1;
  void row(Ids, int64_t, Scores s) override {
    const double log_sum = probabilities(s, p);
    double entropy = 0;
    for (size_t i = 0; i < s.size(); i++)
      if (p[i] > 0) entropy -= p[i] * (double(s[i]) - log_sum);
    std::vector<int32_t> order = ranked(s);
    auto distance = [&](int32_t i) { return std::fabs(log_sum - double(s[size_t(i)]) - entropy); };
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return distance(a) < distance(b); });
    double sum = 0;
    size_t kept = 0;
    while (kept < order.size() && sum < mass) sum += p[size_t(order[kept++])];
    if (kept == 0 || kept >= order.size()) return;
    const double limit = distance(order[kept - 1]);
    for (size_t i = std::max(kept, keep); i < order.size(); i++)
      if (distance(order[i]) > limit) s[size_t(order[i])] = kNever;
  }
};

// J. Hewitt et al., "Truncation Sampling as Language Model Desmoothing", 2022.
struct Cutoff : Warper {
  double epsilon = 0;
  bool by_entropy = false;  // eta sampling
  std::vector<float> copy;
  void row(Ids, int64_t, Scores s) override {
    const double log_sum = probabilities(s, p);
    double limit = epsilon;
    if (by_entropy) {
      double entropy = 0;
      for (size_t i = 0; i < s.size(); i++)
        if (p[i] > 0) entropy -= p[i] * (double(s[i]) - log_sum);
      limit = std::min(epsilon, std::sqrt(epsilon) * std::exp(-entropy));
    }
    const float least = nth_best(s, keep, copy);
    for (size_t i = 0; i < s.size(); i++)
      if (p[i] < limit && s[i] < least) s[i] = kNever;
  }
};

struct LogSoftmax : Warper {
  void row(Ids, int64_t, Scores s) override {
    const auto log_sum = float(probabilities(s, p));
    for (float& v : s) v -= log_sum;
  }
};

template <class P, class F>
void add(std::vector<LogitsProcessorPtr>& out, F&& set) {
  auto p = std::make_shared<P>();
  set(*p);
  out.push_back(std::move(p));
}

}  // namespace

void add_warpers(const GenerationOptions& o, std::vector<LogitsProcessorPtr>& out) {
  const size_t keep = o.num_beams > 1 ? std::max<size_t>(1, o.eos_token_id.size()) + 1 : 1;
  auto add_warper = [&]<class P>(std::shared_ptr<P> p, auto&& set) {
    p->keep = keep;
    set(*p);
    out.push_back(std::move(p));
  };
  if (o.temperature != 1) add<Temperature>(out, [&](auto& p) { p.temperature = float(o.temperature); });
  if (o.top_h > 0) add<TopH>(out, [&](auto& p) { p.share = o.top_h; });
  if (o.top_k > 0) add_warper(std::make_shared<TopK>(), [&](auto& p) { p.k = size_t(o.top_k); });
  if (o.top_p < 1) add_warper(std::make_shared<TopP>(), [&](auto& p) { p.mass = o.top_p; });
  if (o.min_p > 0) add_warper(std::make_shared<MinP>(), [&](auto& p) { p.least = o.min_p; });
  if (o.typical_p < 1) add_warper(std::make_shared<Typical>(), [&](auto& p) { p.mass = o.typical_p; });
  const auto cuts = [](double v) { return v > 0 && v < 1; };
  if (cuts(o.epsilon_cutoff)) add_warper(std::make_shared<Cutoff>(), [&](auto& p) { p.epsilon = o.epsilon_cutoff; });
  if (cuts(o.eta_cutoff))
    add_warper(std::make_shared<Cutoff>(), [&](auto& p) {
      p.epsilon = o.eta_cutoff;
      p.by_entropy = true;
    });
}

LogitsProcessorPtr log_softmax_processor() { return std::make_shared<LogSoftmax>(); }

}  // namespace ef
