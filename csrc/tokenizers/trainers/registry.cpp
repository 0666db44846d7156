#include "tokenizers/trainers/trainer.h"

namespace ef::tokenizers {

TrainerPtr read_bpe_trainer(const Json&);
TrainerPtr read_unigram_trainer(const Json&);
TrainerPtr read_word_level_trainer(const Json&);
TrainerPtr read_word_piece_trainer(const Json&);

std::vector<AddedToken> read_special_tokens(const Json& options, const char* where) {
  std::vector<AddedToken> tokens;
  for (const Json& token : get_array(options, "special_tokens", where)) {
    AddedToken t;
    t.content = get_string(token, "content", where);
    t.single_word = get_bool(token, "single_word", where, false);
    t.lstrip = get_bool(token, "lstrip", where, false);
    t.rstrip = get_bool(token, "rstrip", where, false);
    t.normalized = get_bool(token, "normalized", where, false);
    t.special = get_bool(token, "special", where, true);
    tokens.push_back(std::move(t));
  }
  return tokens;
}

const Registry<TrainerFactory>& trainer_registry() {
  static const auto registry = [] {
    Registry<TrainerFactory> r("trainer");
    r.add("BpeTrainer", read_bpe_trainer);
    r.add("UnigramTrainer", read_unigram_trainer);
    r.add("WordLevelTrainer", read_word_level_trainer);
    r.add("WordPieceTrainer", read_word_piece_trainer);
    return r;
  }();
  return registry;
}

TrainerPtr trainer_from_json(const std::string& name, const Json& options) {
  return trainer_registry().at<TokenizerError>(name)(options);
}

}  // namespace ef::tokenizers
