// A word is a token, or unknown.
#include "tokenizers/models/save.h"
#include "tokenizers/models/simple.h"

namespace ef::tokenizers {
namespace {

class WordLevel : public Model {
 public:
  WordLevel(Vocab vocab, std::string unk_token) : vocab_(std::move(vocab)), unk_token_(std::move(unk_token)) {}
  void tokenize(std::string_view text, Spelling, Workspace*, std::vector<Token>& out) const override {
    auto id = vocab_.find(text);
    if (!id) id = vocab_.find(unk_token_);
    check<TokenizerError>(id.has_value(), "WordLevel error: Missing [UNK] token from the vocabulary");
    out.push_back({*id, 0, uint32_t(text.size())});
  }
  const Vocab& vocab() const override { return vocab_; }
  const char* type() const override { return "WordLevel"; }
  Json to_json() const override {
    Json out{{"type", "WordLevel"}};
    out["vocab"] = vocab_to_json(vocab_);
    out["unk_token"] = unk_token_;
    return out;
  }
  std::vector<std::string> save(const std::string& folder, const std::string& prefix) const override {
    return {write_model_file(folder, prefix, "vocab.json", dump(vocab_to_json(vocab_), false))};
  }

 private:
  Vocab vocab_;
  std::string unk_token_;
};

}  // namespace

ModelPtr make_word_level(Vocab vocab, std::string unk_token) {
  return std::make_shared<WordLevel>(std::move(vocab), std::move(unk_token));
}

ModelPtr read_word_level(const ModelSource& source) {
  const std::string where = source.where + ": WordLevel";
  Vocab vocab;
  read_vocab(source.reader("vocab"), vocab, where);
  return std::make_shared<WordLevel>(std::move(vocab), get_string(source.fields, "unk_token", where));
}

}  // namespace ef::tokenizers
