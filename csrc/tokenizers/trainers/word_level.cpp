// The most frequent words.
#include <algorithm>

#include "tokenizers/models/simple.h"
#include "tokenizers/trainers/trainer.h"

namespace ef::tokenizers {
namespace {

class WordLevelTrainer : public Trainer {
 public:
  explicit WordLevelTrainer(const Json& options)
      : Trainer(options, "WordLevelTrainer"),
        vocab_size_(get_unsigned(options, "vocab_size", "WordLevelTrainer")),
        min_frequency_(get_unsigned(options, "min_frequency", "WordLevelTrainer", UINT64_MAX)) {}

  ModelPtr train(const Model& old, const WordCounts& words, const TrainProgress&) const override {
    check<TokenizerError>(old.type() == std::string("WordLevel"), "WordLevelTrainer can only train a WordLevel, not a ",
                          old.type());
    auto sorted = words.sorted();
    std::stable_sort(sorted.begin(), sorted.end(), [](auto& a, auto& b) { return a.second > b.second; });
    Vocab vocab;
    uint64_t next = 0;  // a word that is a special token, too, still takes a place
    const auto add = [&](std::string_view token) {
      if (next < vocab_size_) vocab.add(token, uint32_t(next++));
    };
    for (const AddedToken& token : special_tokens_) add(token.content);
    for (auto& [word, n] : sorted)
      if (n >= min_frequency_) add(word);
    vocab.finish("WordLevelTrainer");
    return make_word_level(std::move(vocab), get_string(old.to_json(), "unk_token", "WordLevelTrainer"));
  }

 private:
  uint64_t vocab_size_, min_frequency_;
};

}  // namespace

TrainerPtr read_word_level_trainer(const Json& options) { return std::make_unique<WordLevelTrainer>(options); }

}  // namespace ef::tokenizers
