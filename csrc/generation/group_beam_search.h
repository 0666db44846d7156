// Beam search in groups that avoid one another's tokens, or under constraints.
#pragma once
#include <utility>
#include <vector>

#include "generation/generate.h"

namespace ef {

// What the texts have to contain. All ids are of a whole row, its prompt included.
struct BeamConstraints {
  virtual ~BeamConstraints() = default;
  virtual bool met(const std::vector<int64_t>& ids) = 0;
  virtual int64_t progress(const std::vector<int64_t>& ids) = 0;  // how much of all constraints is there
  // The tokens that come next in a constraint, with the progress that each would make; none when all are met.
  virtual std::vector<std::pair<int64_t, int64_t>> steps(const std::vector<int64_t>& ids) = 0;
};

// As transformers finds them until its release 4.55: groups after Vijayakumar et al., "Diverse Beam Search" (2016);
// constraints after Post and Vilar, "Fast Lexically Constrained Decoding with Dynamic Beam Allocation" (2018).
GenerateResult group_beam_search(PreTrainedModel& model, const GenerateRequest& request);

}  // namespace ef
