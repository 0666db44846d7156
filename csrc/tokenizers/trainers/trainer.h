// Learns the vocabulary of a model from the words of a corpus. A trainer is built from its JSON, as
// {"BpeTrainer": {...}}, and gives the trained model; what it does not learn (unk_token, …) stays as the model had it.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/registry.h"
#include "tokenizers/added_vocabulary.h"
#include "tokenizers/json.h"
#include "tokenizers/trainers/word_counts.h"

namespace ef::tokenizers {

// stage, steps done, steps in all; may throw to stop the training.
using TrainProgress = std::function<void(const char*, size_t, size_t)>;

// "special_tokens" of a trainer's options.
std::vector<AddedToken> read_special_tokens(const Json& options, const char* where);

class Trainer {
 public:
  virtual ~Trainer() = default;
  // TokenizerError: `old` is another kind of model, or the options cannot be met.
  virtual ModelPtr train(const Model& old, const WordCounts& words, const TrainProgress& progress) const = 0;
  const std::vector<AddedToken>& special_tokens() const { return special_tokens_; }

 protected:
  explicit Trainer(const Json& options, const char* where) : special_tokens_(read_special_tokens(options, where)) {}
  std::vector<AddedToken> special_tokens_;
};
using TrainerPtr = std::unique_ptr<const Trainer>;
using TrainerFactory = TrainerPtr (*)(const Json&);
const Registry<TrainerFactory>& trainer_registry();
TrainerPtr trainer_from_json(const std::string& name, const Json& options);

}  // namespace ef::tokenizers
