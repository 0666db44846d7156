// Tokens beside the model's vocabulary: found in the text before anything else looks at it.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tokenizers/models/model.h"
#include "tokenizers/normalizers/normalizer.h"
#include "tokenizers/token_trie.h"

namespace ef::tokenizers {

struct AddedToken {
  std::string content;
  bool single_word = false;             // not inside of a word
  bool lstrip = false, rstrip = false;  // takes the white space beside it
  bool normalized = true;               // is looked for in the normalized text
  bool special = false;                 // may be left out when decoding
  bool operator==(const AddedToken&) const = default;
};

// Copies share their tables, which are made anew by a change.
class AddedVocabulary {
 public:
  // Returns how many were new or changed. Tokens that the model has keep its id, others get the next free one.
  size_t add(const std::vector<AddedToken>& tokens, const Model& model, const Normalizer* normalizer);
  void refresh(const Normalizer* normalizer);  // after a change of the normalizer

  std::optional<uint32_t> find(std::string_view content) const;
  const AddedToken* token(uint32_t id) const;
  // How the token reads in an encoding: as it stands in the normalized text, if it is looked for there.
  const std::string* name(uint32_t id) const;
  const std::map<uint32_t, AddedToken>& by_id() const { return tables_->by_id; }
  bool is_special(std::string_view content) const { return tables_->special_set.count(std::string(content)) > 0; }
  size_t size() const { return tables_->ids.size(); }
  const std::unordered_map<std::string, uint32_t>& ids() const { return tables_->ids; }

  bool encode_special_tokens = false;  // true: special tokens in a text are ordinary text

  bool looks_at_normalized() const { return !tables_->normalized.empty(); }
  // false: nothing of a text that reads so is cut out
  bool may_be_in(std::string_view text) const { return tables_->plain.finds(text); }
  bool may_be_in_normalized(std::string_view text) const { return tables_->normalized.finds(text); }
  // Cuts the added tokens out of the text and normalizes the rest.
  void extract_and_normalize(PreTokenizedString& text, const Normalizer* normalizer) const;

 private:
  struct Tables {
    void refresh(const Normalizer* normalizer);
    std::unordered_map<std::string, uint32_t> ids;
    std::map<uint32_t, AddedToken> by_id;
    std::vector<AddedToken> classic, special;  // as they came, for the order of matching
    std::unordered_set<std::string> special_set;
    std::unordered_map<uint32_t, std::string> normalized_names;
    TokenTrie plain, normalized;
  };
  void split(PreTokenizedString& text, const TokenTrie& trie) const;
  std::shared_ptr<const Tables> tables_ = std::make_shared<Tables>();
};

}  // namespace ef::tokenizers
