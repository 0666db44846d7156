// Memory that steps of training use over and over.
#pragma once

namespace ef {

// From now on freed blocks are kept up to the most that was ever in use at once, so that the next step finds its
// activations' memory again: fresh pages cost a sixth of a step. Called by backward().
void expect_training();

}  // namespace ef
