#include "tokenizers/models/bpe.h"

#include "tokenizers/models/simple.h"
#include "tokenizers/trainers/bpe_learner.h"
#include "tokenizers/trainers/parity_bpe.h"

namespace ef::tokenizers {
namespace {

Vocab vocab_of(const LearnedBpe& learned, const char* where) {
  Vocab vocab;
  vocab.reserve(learned.tokens.size());
  for (uint32_t id = 0; id < learned.tokens.size(); id++) vocab.add(learned.tokens[id], id);
  vocab.finish(where);
  return vocab;
}

ModelPtr model_of(const LearnedBpe& learned, const BpeLearnerOptions& options, BpeOptions kept, const char* where) {
  Merges merges;
  for (auto [left, right] : learned.merges) merges.add(learned.tokens[left], learned.tokens[right]);
  kept.continuing_subword_prefix = options.continuing_subword_prefix;
  kept.end_of_word_suffix = options.end_of_word_suffix;
  return std::make_shared<Bpe>(vocab_of(learned, where), merges, std::move(kept));
}

class BpeTrainer : public Trainer {
 public:
  explicit BpeTrainer(const Json& options)
      : Trainer(options, "BpeTrainer"), options_(BpeLearnerOptions::from_json(options, "BpeTrainer")) {}

  ModelPtr train(const Model& old, const WordCounts& words, const TrainProgress& progress) const override {
    const auto* bpe = dynamic_cast<const Bpe*>(&old);
    check<TokenizerError>(bpe, "BpeTrainer can only train a BPE, not a ", old.type());
    const LearnedBpe learned = learn_bpe(options_, special_tokens_, words, progress);
    return model_of(learned, options_, bpe->options(), "BpeTrainer");
  }

 private:
  BpeLearnerOptions options_;
};

// WordPiece is learned as BPE is; the merges are forgotten.
class WordPieceTrainer : public Trainer {
 public:
  explicit WordPieceTrainer(const Json& options)
      : Trainer(options, "WordPieceTrainer"), options_(BpeLearnerOptions::from_json(options, "WordPieceTrainer")) {}

  ModelPtr train(const Model& old, const WordCounts& words, const TrainProgress& progress) const override {
    constexpr const char* where = "WordPieceTrainer";
    check<TokenizerError>(old.type() == std::string("WordPiece"), "WordPieceTrainer can only train a WordPiece, not a ",
                          old.type());
    const LearnedBpe learned = learn_bpe(options_, special_tokens_, words, progress);
    const Json kept = old.to_json();
    return make_word_piece(vocab_of(learned, where), get_string(kept, "unk_token", where),
                           options_.continuing_subword_prefix.value_or("##"),
                           get_unsigned(kept, "max_input_chars_per_word", where, UINT64_MAX));
  }

 private:
  BpeLearnerOptions options_;
};

}  // namespace

ModelPtr train_parity_bpe(const Json& options, const std::vector<const WordCounts*>& train,
                          const std::vector<const WordCounts*>& dev, const TrainProgress& progress) {
  constexpr const char* where = "ParityBpeTrainer";
  const ParityOptions read = ParityOptions::from_json(options);
  const LearnedBpe learned = learn_parity_bpe(read, read_special_tokens(options, where), train, dev, progress);
  return model_of(learned, read.bpe, {}, where);
}

TrainerPtr read_bpe_trainer(const Json& options) { return std::make_unique<BpeTrainer>(options); }
TrainerPtr read_word_piece_trainer(const Json& options) { return std::make_unique<WordPieceTrainer>(options); }

}  // namespace ef::tokenizers
