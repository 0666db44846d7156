// What T5, mT5 and UMT5 share: RMS norms before the residuals, no biases, scores that are not scaled and get a learned
// number for each bucket of distances.
#pragma once
#include "models/common/seq2seq.h"

namespace ef {

// bias_everywhere: each layer has its own table of distances, instead of the first one's for all.
Seq2SeqConfig read_t5(const ConfigReader& config, bool bias_everywhere = false);

// Names of all of them in files for llama.cpp.
GgufTable t5_gguf();

// Bucket of the distance from a query at position `query` to a key at `key`: half of them exact, the others growing
// like the logarithm up to max_distance. both_ways: later keys have buckets of their own.
int64_t t5_bucket(int64_t query, int64_t key, bool both_ways, int64_t buckets, int64_t max_distance);

}  // namespace ef
