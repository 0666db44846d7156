#include "tokenizers/models/unigram_path.h"

#include <algorithm>
#include <bit>
#include <limits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ef::tokenizers {
namespace {

constexpr uint32_t kShort = PieceAutomaton::kShort;
static_assert(kShort == 4);

// The sums of the last places, to which a set of short pieces is added at once: which of them is best is anybody's
// guess, so it is found without branches.
class Window {
 public:
  struct Choice {
    double sum;
    uint32_t longest;  // of the best ones, in characters less one
  };
#if defined(__SSE2__)
  explicit Window(double sum) : near_(_mm_set_pd(kNever, sum)), far_(_mm_set1_pd(kNever)) {}
  Choice choose(const double* scores) const {
    const __m128d near = _mm_add_pd(near_, _mm_loadu_pd(scores)), far = _mm_add_pd(far_, _mm_loadu_pd(scores + 2));
    __m128d best = _mm_max_pd(near, far);
    best = _mm_max_sd(best, _mm_unpackhi_pd(best, best));
    best = _mm_unpacklo_pd(best, best);
    const __m128 equal = _mm_shuffle_ps(_mm_castpd_ps(_mm_cmpeq_pd(near, best)), _mm_castpd_ps(_mm_cmpeq_pd(far, best)),
                                        _MM_SHUFFLE(2, 0, 2, 0));
    return {_mm_cvtsd_f64(best), uint32_t(31 ^ std::countl_zero(unsigned(_mm_movemask_ps(equal)) | 1u))};
  }
  void push(double sum) {
    far_ = _mm_shuffle_pd(near_, far_, 1);
    near_ = _mm_unpacklo_pd(_mm_set_sd(sum), near_);
  }

 private:
  __m128d near_, far_;
#else
  explicit Window(double sum) : sums_{sum, kNever, kNever, kNever} {}
  Choice choose(const double* scores) const {
    Choice best{sums_[3] + scores[3], 3};
    for (uint32_t i = 3; i-- > 0;)
      if (const double sum = sums_[i] + scores[i]; sum > best.sum) best = {sum, i};
    return best;
  }
  void push(double sum) {
    std::copy_backward(sums_, sums_ + 3, sums_ + 4);
    sums_[0] = sum;
  }

 private:
  double sums_[kShort];
#endif
  static constexpr double kNever = -std::numeric_limits<double>::infinity();
};

template <class List>
void make_room(List& list, size_t n) {
  if (list.size() < n) list.resize(n);
}
}  // namespace

uint32_t UnigramPath::find(const PieceAutomaton& pieces, std::string_view text) {
  make_room(scores_, text.size() + 1);
  make_room(steps_, text.size() + 1);
  ascii_ = utf8::is_ascii(text);
  if (ascii_) return walk<PieceAutomaton::LevelWalk, true>(pieces, text);
  make_room(places_, text.size() + 1);
  return walk<PieceAutomaton::Walk, false>(pieces, text);
}

template <class Walk, bool kAscii>
uint32_t UnigramPath::walk(const PieceAutomaton& pieces, std::string_view text) {
  const uint32_t size = uint32_t(text.size());
  double* const scores = scores_.data();
  Step* const steps = steps_.data();
  scores[0] = 0;
  if (!kAscii) places_[0] = 0;
  Walk walk(pieces);
  Window window(0);
  for (uint32_t at = 0, n = 0;;) {
    if (at == size) return n;
    const uint32_t end = at + (kAscii ? 1u : uint32_t(utf8::length_of(text[at])));
    do walk.read(uint8_t(text[at++]));
    while (!kAscii && at < end);
    n++;
    uint32_t ends = PieceAutomaton::ends_of(walk.state());
    double sum = 0;
    Step step{0, 0};
    if (pieces.is_long(ends)) [[unlikely]] {
      do {
        const uint32_t length = pieces.length(ends);
        const double other = scores[n - length] + pieces.score(ends);
        if (!step.length || other > sum) sum = other, step = {ends, length};
      } while (pieces.is_long(ends = pieces.shorter(ends)));
    }
    const auto choice = window.choose(&pieces.score(ends));
    if (!step.length || choice.sum > sum) sum = choice.sum, step = {ends + choice.longest, choice.longest + 1};
    window.push(sum);
    scores[n] = sum;
    steps[n] = step;
    if constexpr (!kAscii) {
      places_[n] = at;
      if (PieceAutomaton::is_empty(walk.state())) {  // more such characters change nothing but the score
        const uint32_t known = n - 1;
        for (uint32_t length; at < size && !pieces.begins(text, at, length);) {
          scores[n + 1] = sum += pieces.score(0);
          steps[++n] = {0, 1};
          places_[n] = at += length;
        }
        if (at == size) return known;
        window.push(sum);  // pieces that end later begin here or later
      }
    }
  }
}

void UnigramPath::trim(size_t kept) {
  if (scores_.capacity() <= kept) return;
  *this = {};
}

}  // namespace ef::tokenizers
