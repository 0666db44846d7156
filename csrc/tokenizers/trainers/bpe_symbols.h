// The tokens that a BPE learner has so far: special ones, characters, and what merges made of them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tokenizers/added_vocabulary.h"
#include "tokenizers/trainers/bpe_learner.h"

namespace ef::tokenizers {

using CountedWords = std::vector<std::pair<std::string_view, uint64_t>>;

class BpeSymbols {
 public:
  explicit BpeSymbols(const BpeLearnerOptions& options) : options_(options) {}

  void add_special(const std::vector<AddedToken>& special);
  // The characters of all corpora together, by code point; the rarest are left out when there are too many.
  void add_alphabet(const std::vector<const CountedWords*>& corpora);

  // Appends a word as ids of its characters; characters outside of the alphabet are passed over.
  void spell(std::string_view word, std::vector<uint32_t>& out);
  // The same for a word that adds no tokens; false: it has a character that is none.
  bool spell_known(std::string_view word, std::vector<uint32_t>& out) const;

  // The id of the two tokens as one.
  uint32_t join(uint32_t left, uint32_t right);
  // Whether the two together keep the limit for new tokens.
  bool fits(uint32_t left, uint32_t right) const {
    return !options_.max_token_length || lengths_[left] + lengths_[right] < *options_.max_token_length;
  }

  size_t size() const { return tokens_.size(); }
  const std::string& operator[](uint32_t id) const { return tokens_[id]; }
  // Tokens and merges as a model takes them. A pair may have been merged twice, when its token already existed: then
  // the last time counts.
  LearnedBpe finish(const std::vector<std::pair<uint32_t, uint32_t>>& merges) &&;

 private:
  uint32_t id_of(const std::string& token);
  // Calls f(its text where the word has it, whether it is a token by itself) for each character.
  template <class F>
  void for_characters(std::string_view word, F&& f) const;

  const BpeLearnerOptions& options_;
  std::vector<std::string> tokens_;
  std::vector<uint64_t> lengths_;  // of tokens, in characters
  std::unordered_map<std::string, uint32_t> ids_;
};

}  // namespace ef::tokenizers
