// The longest token that the rest of the word begins with, again and again.
#include "tokenizers/models/prefix_trie.h"
#include "tokenizers/models/save.h"
#include "tokenizers/models/simple.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

class WordPiece : public Model {
 public:
  WordPiece(Vocab vocab, std::string unk_token, std::string prefix, uint64_t max_chars)
      : vocab_(std::move(vocab)), unk_token_(std::move(unk_token)), prefix_(std::move(prefix)), max_chars_(max_chars) {
    std::vector<std::string_view> tokens;
    vocab_.for_each_added([&](std::string_view token, uint32_t id) {
      tokens.push_back(token);
      ids_.push_back(id);
    });
    trie_ = PrefixTrie(tokens);
    begin_ = trie_.after("");
    continue_ = trie_.after(prefix_);
  }

  void tokenize(std::string_view text, Spelling, Workspace*, std::vector<Token>& out) const override {
    const size_t before = out.size();
    const uint32_t size = uint32_t(text.size());
    bool known = utf8::count(text) <= max_chars_;
    for (uint32_t start = 0; known && start < size;) {
      uint32_t longest = 0, key = 0;
      trie_.for_each_prefix(start ? continue_ : begin_, text.substr(start),
                            [&](uint32_t length, uint32_t value) { longest = length, key = value; });
      known = longest > 0;
      if (known) out.push_back({ids_[key], start, start + longest});
      start += longest;
    }
    if (known) return;
    out.resize(before);
    const auto unk = vocab_.find(unk_token_);
    check<TokenizerError>(unk.has_value(), "WordPiece error: Missing [UNK] token from the vocabulary");
    out.push_back({*unk, 0, size});
  }
  const Vocab& vocab() const override { return vocab_; }
  const char* type() const override { return "WordPiece"; }
  Json to_json() const override {
    Json out{{"type", "WordPiece"},
             {"unk_token", unk_token_},
             {"continuing_subword_prefix", prefix_},
             {"max_input_chars_per_word", max_chars_}};
    out["vocab"] = vocab_to_json(vocab_);
    return out;
  }
  std::vector<std::string> save(const std::string& folder, const std::string& prefix) const override {
    std::string lines;
    vocab_.for_each([&](std::string_view token, uint32_t) { lines.append(token).append("\n"); });
    return {write_model_file(folder, prefix, "vocab.txt", lines)};
  }

 private:
  Vocab vocab_;
  std::string unk_token_, prefix_;
  uint64_t max_chars_;
  PrefixTrie trie_;
  PrefixTrie::Node begin_, continue_;  // where a word begins, and what stands behind its first token
  std::vector<uint32_t> ids_;
};

}  // namespace

ModelPtr read_word_piece(const ModelSource& source) {
  const std::string where = source.where + ": WordPiece";
  Vocab vocab;
  read_vocab(source.reader("vocab"), vocab, where);
  return std::make_shared<WordPiece>(std::move(vocab), get_string(source.fields, "unk_token", where),
                                     get_string(source.fields, "continuing_subword_prefix", where),
                                     get_unsigned(source.fields, "max_input_chars_per_word", where, UINT64_MAX));
}
ModelPtr make_word_piece(Vocab vocab, std::string unk_token, std::string prefix, uint64_t max_chars) {
  return std::make_shared<WordPiece>(std::move(vocab), std::move(unk_token), std::move(prefix), max_chars);
}

}  // namespace ef::tokenizers
