// Byte pair encoding: starts from single characters or bytes and joins neighbours in the order of the merge list.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tokenizers/models/bpe_joints.h"
#include "tokenizers/models/bpe_near.h"
#include "tokenizers/models/char_table.h"
#include "tokenizers/models/model.h"
#include "tokenizers/models/pair_table.h"
#include "tokenizers/models/prefix_trie.h"

namespace ef::tokenizers {

struct BpeOptions {
  std::optional<double> dropout;  // probability that a merge is left out
  std::optional<std::string> unk_token, continuing_subword_prefix, end_of_word_suffix;
  bool fuse_unk = false, byte_fallback = false;
  bool ignore_merges = false;  // a word that is a token is that token, whatever the merges say
};

// Pairs of tokens by rank, in one piece of memory.
class Merges {
 public:
  void add(std::string_view left, std::string_view right) {
    start(left);
    finish(right);
  }
  // The same in two steps.
  void start(std::string_view left) {
    text_ += left;
    middle_ = uint32_t(text_.size());
  }
  void finish(std::string_view right) {
    text_ += right;
    check<TokenizerError>(text_.size() < UINT32_MAX / 2, "BPE: more than 2 GB of merges");
    splits_.push_back({middle_, uint32_t(text_.size())});
  }
  void reserve(size_t bytes) { text_.reserve(bytes); }
  size_t size() const { return splits_.size(); }
  std::string_view left(size_t i) const { return joined(i).substr(0, splits_[i].middle - begin(i)); }
  std::string_view right(size_t i) const { return joined(i).substr(splits_[i].middle - begin(i)); }
  WordKey key(std::string_view part) const { return WordKey::within(text_, part); }  // of one of these
  std::string_view joined(size_t i) const {
    return std::string_view(text_).substr(begin(i), splits_[i].end - begin(i));
  }

 private:
  struct Split {
    uint32_t middle, end;
  };
  size_t begin(size_t i) const { return i ? splits_[i - 1].end : 0; }
  std::string text_;
  std::vector<Split> splits_;
  uint32_t middle_ = 0;
};

class Bpe : public Model {
 public:
  // TokenizerError when a merge names a token that the vocabulary lacks, and for a dropout outside of 0…1.
  Bpe(Vocab vocab, const Merges& merges, BpeOptions options);

  void tokenize(std::string_view text, Spelling spelling, Workspace* workspace, std::vector<Token>& out) const override;
  bool accepts(Spelling spelling) const override {
    return spelling == Spelling::Vocabulary || (spelling == Spelling::Bytes ? accepts_bytes_ : knows_mark_);
  }
  std::unique_ptr<Workspace> workspace() const override;
  bool remembers() const override { return !drops(); }
  bool cuts_words() const override { return !joints_.empty() && !drops(); }
  void cut(std::string_view text, Span word, Spelling spelling, std::vector<Span>& parts) const override;
  const Vocab& vocab() const override { return vocab_; }
  const char* type() const override { return "BPE"; }
  Json to_json() const override;
  std::vector<std::string> save(const std::string& folder, const std::string& prefix) const override;
  const BpeOptions& options() const { return options_; }

 private:
  struct Symbol {
    uint32_t id, length;
  };
  struct Space;
  void tokenize_bytes(std::string_view text, Space& space, std::vector<Token>& out) const;
  bool tokenize_parts(std::string_view text, Space& space, std::vector<Token>& out) const;
  void tokenize_part(std::string_view text, uint32_t begin, uint32_t end, const WordKey& key, uint64_t hash,
                     Space& space, std::vector<Token>& out) const;
  void tokenize_whole(std::string_view text, Space& space, std::vector<Token>& out) const;
  void tokenize_text(std::string_view text, Spelling spelling, Space& space, std::vector<Token>& out) const;
  void find_joints(const Merges& merges);
  bool may_join(char32_t left, char32_t right) const;
  bool falls_apart(char32_t left, char32_t right) const;
  void start_symbols(std::string_view text, Spelling spelling, Space& space) const;
  bool plain() const {  // characters are spelled as they are wherever they stand in a word
    const auto empty = [](const std::optional<std::string>& s) { return !s || s->empty(); };
    return empty(options_.continuing_subword_prefix) && empty(options_.end_of_word_suffix);
  }
  bool drops() const { return options_.dropout && *options_.dropout > 0; }
  void find_merges(const Merges& merges);  // their ids
  void find_merges(const Merges& merges, size_t from, size_t to);
  void add_pairs();
  // f(left, right) by rank; a merge that is listed several times stands where it was last.
  template <class F>
  void for_each_merge(F&& f) const {
    for (uint32_t rank = 0; rank < merges_.size(); rank++)
      if (const auto& [left, right] = merges_[rank]; pairs_.find(left, right) == rank)
        f(*vocab_.token(left), *vocab_.token(right));
  }
  void add_bytes();
  static void emit(const Space& space, std::vector<Token>& out);
  void merge_bytes(std::string_view text, Space& space) const;
  const BpeNear* near(Spelling spelling, size_t bytes, Space& space) const;
  bool merge_near(std::string_view text, Spelling spelling, Space& space, std::vector<Token>& out) const;
  void merge(Space& space) const;
  void prefetch_merged(uint32_t rank) const { __builtin_prefetch(merged_.data() + (rank + 1 ? rank : 0)); }
  void merge_short(Space& space) const;
  void merge_long(Space& space) const;
  uint32_t last_merge(uint32_t id, std::string_view bytes, Space& space) const;
  uint32_t last_merge(uint32_t id, Space& space) const;
  bool reproduced(uint32_t id, std::string_view bytes, Space& space) const;
  bool fits(uint32_t left, uint32_t right, Space& space) const;
  bool fits_slowly(uint32_t left, uint32_t right, Space& space) const;
  void find_candidates(std::string_view text, Space& space) const;
  bool walk(std::string_view text, Space& space) const;
  void prepare_walk() const;

  Vocab vocab_;
  BpeOptions options_;
  std::vector<std::pair<uint32_t, uint32_t>> merges_;  // by rank
  BigVector<uint32_t> merged_;                         // by rank: the id that a merge makes
  PairTable pairs_;
  std::optional<uint32_t> unk_id_;
  bool shares_ids_ = false;         // two tokens have the same id: what is known of an id says nothing about either
  std::vector<uint32_t> fallback_;  // ids of <0x00> … <0xFF>, empty without byte_fallback
  bool all_bytes_ = false;          // all of them are there

  // SentencePiece-style vocabularies see whole texts as one word. Between two characters that no merge brings together,
  // the text falls into parts that have nothing to do with each other.
  bool knows_mark_ = false;       // "▁", and no character vanishes
  std::vector<uint64_t> joints_;  // bits; set for the pairs of characters that a merge brings together, and some others
  CharTable<uint32_t> char_ids_{UINT32_MAX};  // of tokens of one character, together with joints_
  uint64_t ascii_cuts_[2][256] = {};  // bits: ASCII characters that fall apart; without and with blanks that are marks

  struct LazyNear {
    std::once_flag once;
    std::unique_ptr<const BpeNear> made;
  };
  mutable LazyNear near_[2];  // for Spelling::Bytes and Spelling::Blanks; made once it pays

  // Byte-level vocabularies: the tokens as bytes.
  bool accepts_bytes_ = false;
  uint32_t byte_id_[256];
  std::vector<uint32_t> byte_pairs_;  // rank of the merge of two bytes, the second one times 256
  Vocab raw_;
  // How the merges lead from the bytes of a token to that token: 1 + the rank of the last merge, or one of these. Found
  // out when first asked.
  enum : uint32_t { kOneByte = 0, kUnknown = UINT32_MAX, kNotMade = UINT32_MAX - 1, kOutOfOrder = UINT32_MAX - 2 };
  std::unique_ptr<std::atomic<uint32_t>[]> last_merge_;
  mutable std::once_flag byte_joints_once_;  // the same
  mutable std::unique_ptr<const BpeJoints> byte_joints_;
  // All tokens by their bytes; made once it pays.
  mutable std::once_flag walk_once_;
  mutable PrefixTrie tokens_by_bytes_;
  mutable std::vector<uint32_t> ids_by_key_;
};

ModelPtr read_bpe(const ModelSource& source);
// "a b" lines as in merges.txt; a first line "#version: …" is skipped.
Merges merges_from_lines(const std::vector<std::string>& lines);

}  // namespace ef::tokenizers
