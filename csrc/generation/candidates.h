// Guesses at the next tokens, which the decode loop checks with one forward pass. A guess is taken only where the
// model's own choice is the same token, so guesses change the speed and nothing else.
#pragma once
#include <cstdint>
#include <vector>

#include "generation/logits_process.h"

namespace ef {

struct Candidates {
  virtual ~Candidates() = default;
  // What may follow the one row of `history`, at most `most` tokens; none: an ordinary step.
  virtual std::vector<int64_t> guess(const TokenHistory& history, int64_t most) = 0;
  virtual void checked(int64_t right, int64_t count) {  // so many of the last guesses were right
    (void)right, (void)count;
  }
};

// What followed the last tokens when they stood in the text before: the first place where the longest n-gram of at most
// `ngram` tokens occurs, and up to `count` tokens from there, none from an end-of-sequence token on. After wrong
// guesses fewer are made, down to one, until they are right again: where nothing comes back that costs next to nothing.
// Saxena, "Prompt Lookup Decoding" (2023).
class PromptLookup : public Candidates {
 public:
  PromptLookup(int64_t count, int64_t ngram, std::vector<int64_t> eos);
  std::vector<int64_t> guess(const TokenHistory& history, int64_t most) override;
  void checked(int64_t right, int64_t count) override;

 private:
  int64_t count_, ngram_, now_;  // now_: of count_, as many as recent guesses suggest
  std::vector<int64_t> eos_;
};

}  // namespace ef
