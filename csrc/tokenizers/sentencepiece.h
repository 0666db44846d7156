// Pieces of a text, and back, exactly as the SentencePiece library has them: for tokenizers that use such a model as it
// is. (A pipeline of components comes close to it; see python/eigenformers/tokenization/backends.)
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizers/models/prefix_trie.h"
#include "tokenizers/models/vocab.h"
#include "tokenizers/sentencepiece_model.h"

namespace ef::tokenizers {

// The character map of a model: a double-array trie of byte strings and what each becomes.
class Charsmap {
 public:
  explicit Charsmap(std::string_view bytes, const std::string& where);  // empty: nothing changes
  // The longest key at the start of the text: its length (0: none) and what it becomes.
  size_t longest_prefix(std::string_view text, std::string_view& becomes) const;

 private:
  std::vector<uint32_t> units_;
  std::string texts_;
};

class SentencePiece {
 public:
  explicit SentencePiece(SentencePieceModel model, const std::string& where = "SentencePiece");

  std::vector<std::string> encode(std::string_view text) const;  // `text` must be valid UTF-8
  std::string decode(const std::vector<std::string>& pieces) const;
  std::string normalize(std::string_view text) const;

  uint32_t id_of(std::string_view piece) const { return ids_.find(piece).value_or(unk_id_); }
  const SentencePieceModel& model() const { return model_; }
  void set_dummy_prefix(bool wanted) { model_.add_dummy_prefix = wanted; }

 private:
  struct Part {
    std::string_view text;
    uint32_t id;
  };
  std::string normalize_with(const Charsmap& map, std::string_view text, bool marks) const;
  std::vector<Part> split_unigram(std::string_view text) const;
  std::vector<Part> split_bpe(std::string_view text) const;
  std::vector<Part> split_words(std::string_view text) const;
  std::vector<Part> split_characters(std::string_view text) const;
  size_t user_defined_prefix(std::string_view text) const;
  const SentencePieceModel::Piece& piece(uint32_t id) const { return model_.pieces[id]; }

  SentencePieceModel model_;
  Charsmap map_, back_;
  Vocab ids_, matched_;             // all pieces; those that stand in texts
  PrefixTrie trie_, user_defined_;  // values are indices of trie_ids_, and nothing
  std::vector<uint32_t> trie_ids_;
  uint32_t unk_id_ = 0, byte_ids_[256];
  float lowest_ = 0;
};

}  // namespace ef::tokenizers
