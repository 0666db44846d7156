// What all searches over several beams a prompt share.
#pragma once
#include <vector>

#include "generation/sampling.h"
#include "generation/session.h"

namespace ef {

constexpr float kNoBeam = -1e9f;  // far below every sum of log-probabilities, and finite: it may be added to

struct Continuation {
  float score = kNoBeam;        // sum of the log-probabilities
  int64_t beam = 0, token = 0;  // which of the beams it continues, and with what
  bool ends = false;
};

// Runs the prompts once each, and makes a row for every beam of what that returned. Scores f32 [rows, vocab].
Tensor prefill_beams(Session& session, GenerateResult& result, int64_t beams);

// The `count` best continuations of beams with the sums `so_far`, from their log-probabilities [beams, vocab]; with a
// generator they are drawn, none twice. Best first.
std::vector<Continuation> best_continuations(const float* scores, const float* so_far, int64_t beams, int64_t vocab,
                                             int64_t count, Generator* generator);

// How many continuations are looked at, so that enough are left when all that can end do.
inline int64_t continuations_wanted(const GenerationOptions& o, int64_t beams) {
  return std::max<int64_t>(2, 1 + int64_t(o.eos_token_id.size())) * beams;
}

}  // namespace ef
