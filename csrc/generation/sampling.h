// Choosing the next token. Each row draws from a stream of its own, so that what else is in the batch does not matter.
#pragma once
#include <span>
#include <vector>

#include "core/random.h"
#include "generation/logits_process.h"

namespace ef {

int64_t argmax(std::span<const float> scores);                        // the first of equals
int64_t sample(std::span<const float> scores, Generator& generator);  // from softmax(scores)

// One generator a row, seeded by one draw from the process's generator and the row's own prompt.
std::vector<Generator> row_generators(const TokenHistory& prompt);

}  // namespace ef
