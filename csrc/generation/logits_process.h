// What happens to the next-token scores between the model and the choice. Order and mathematics are transformers'.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "generation/options.h"
#include "tensor/tensor.h"

namespace ef {

// The sequences so far. Rows are left-padded to one length.
struct TokenHistory {
  std::vector<std::vector<int64_t>> rows;
  std::vector<int64_t> padding;  // pad tokens in front of each row
  int64_t length() const { return rows.empty() ? 0 : int64_t(rows[0].size()); }
};

struct LogitsProcessor {
  virtual ~LogitsProcessor() = default;
  virtual void process(const TokenHistory& history, Tensor& scores) = 0;  // scores f32 [batch, vocab]; may be replaced
};
using LogitsProcessorPtr = std::shared_ptr<LogitsProcessor>;

// A processor that looks at one row at a time.
struct RowProcessor : LogitsProcessor {
  void process(const TokenHistory& history, Tensor& scores) override;
  virtual void row(std::span<const int64_t> ids, int64_t padding, std::span<float> scores) = 0;
};

// The list for one call of generate. `user` stands where transformers puts logits_processor=, `prefix` where it puts
// prefix_allowed_tokens_fn. `source`: what an encoder read; of a decoder alone, its prompt.
// `diversity`: of groups of beams, behind the biases.
std::vector<LogitsProcessorPtr> build_processors(const GenerationOptions& options, const TokenHistory& prompt,
                                                 const std::vector<std::vector<int64_t>>& source,
                                                 std::vector<LogitsProcessorPtr> user, LogitsProcessorPtr prefix,
                                                 int64_t vocab_size, LogitsProcessorPtr diversity = nullptr);

}  // namespace ef
