#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "tokenizers/models/simple.h"
#include "tokenizers/trainers/unigram_learner.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

constexpr const char* kWhere = "UnigramTrainer";

class UnigramTrainer : public Trainer {
 public:
  explicit UnigramTrainer(const Json& j) : Trainer(j, kWhere) {
    options_.vocab_size = get_unsigned(j, "vocab_size", kWhere);
    options_.n_sub_iterations = get_unsigned(j, "n_sub_iterations", kWhere);
    options_.max_piece_length = get_unsigned(j, "max_piece_length", kWhere, 1 << 16);
    options_.seed_size = get_unsigned(j, "seed_size", kWhere, UINT64_MAX);
    options_.shrinking_factor = get_number(require(j, "shrinking_factor", kWhere), kWhere);
    check<TokenizerError>(options_.shrinking_factor > 0 && options_.shrinking_factor < 1, kWhere,
                          ": shrinking_factor is ", options_.shrinking_factor, ", needed a number between 0 and 1");
    unk_token_ = get_optional_string(j, "unk_token", kWhere);
    for (const Json& c : get_array(j, "initial_alphabet", kWhere))
      alphabet_.push_back(get_char(Json{{"initial_alphabet", c}}, "initial_alphabet", kWhere));
  }

  ModelPtr train(const Model& old, const WordCounts& words, const TrainProgress& progress) const override {
    check<TokenizerError>(old.type() == std::string("Unigram"), "UnigramTrainer can only train a Unigram, not a ",
                          old.type());
    const CountedWords sorted = words.sorted();
    std::set<char32_t> required(alphabet_.begin(), alphabet_.end());
    for (auto& entry : sorted)
      for (char32_t c : utf8::chars(entry.first)) required.insert(c);
    check<TokenizerError>(required.size() <= options_.vocab_size, kWhere,
                          ": The vocabulary is not large enough to contain all chars (", required.size(),
                          "); raise vocab_size");
    const UnigramState state = learn_unigram(options_, sorted, progress);
    return finish(state, required);
  }

 private:
  // Required characters, then the likeliest pieces up to the size, by score; special tokens before all. Where these
  // alone are more than the size, it holds nothing back. Whatever the old model did with bytes, the new one doesn't.
  ModelPtr finish(const UnigramState& state, const std::set<char32_t>& required) const {
    std::unordered_map<std::string_view, double> known;
    for (auto& [piece, score] : state.pieces()) known.emplace(piece, score);
    ScoredPieces pieces;
    std::unordered_set<std::string> have{"<UNK>"};
    double penalty = 0;
    for (char32_t c : required) {
      const std::string text = utf8::encode(c);
      const auto found = known.find(text);
      pieces.emplace_back(text, found != known.end() ? found->second : state.lowest() + penalty);
      if (found == known.end()) penalty += 0.0001;
      have.insert(text);
    }
    ScoredPieces out;
    std::optional<uint64_t> unk_id;
    for (const AddedToken& token : special_tokens_) {
      if (unk_token_ && token.content == *unk_token_ && !unk_id) unk_id = out.size();
      out.emplace_back(token.content, 0.0);
    }
    if (unk_token_ && !unk_id) {
      out.insert(out.begin(), {*unk_token_, 0.0});
      unk_id = 0;
    }
    const size_t size = out.size() <= options_.vocab_size ? size_t(options_.vocab_size) - out.size() : SIZE_MAX;
    for (auto& [piece, score] : state.pieces()) {
      if (!have.insert(piece).second) continue;
      pieces.emplace_back(piece, std::isnan(score) ? 0.0 : score);
      if (pieces.size() == size) break;
    }
    std::stable_sort(pieces.begin(), pieces.end(), [](auto& a, auto& b) { return a.second > b.second; });
    out.insert(out.end(), pieces.begin(), pieces.end());
    return make_unigram(out, unk_id, false);
  }

  UnigramLearnerOptions options_;
  std::optional<std::string> unk_token_;
  std::vector<char32_t> alphabet_;
};

}  // namespace

TrainerPtr read_unigram_trainer(const Json& options) { return std::make_unique<UnigramTrainer>(options); }

}  // namespace ef::tokenizers
