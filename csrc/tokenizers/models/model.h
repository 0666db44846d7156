// Third role: turns one word into tokens of its vocabulary.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/registry.h"
#include "tokenizers/json.h"
#include "tokenizers/models/vocab.h"
#include "tokenizers/pre_tokenized_string.h"

namespace ef::tokenizers {

struct Workspace;  // models/word_loop.h

class Model {
 public:
  virtual ~Model() = default;
  // Appends the tokens of one word, which is spelled in a way that the model accepts; offsets are of the bytes given.
  virtual void tokenize(std::string_view text, Spelling spelling, Workspace* workspace,
                        std::vector<Token>& out) const = 0;
  virtual bool accepts(Spelling spelling) const { return spelling == Spelling::Vocabulary; }
  virtual std::unique_ptr<Workspace> workspace() const;
  // Whether a word has the same tokens every time.
  virtual bool remembers() const { return true; }
  // A model may know places where a word falls into parts that have nothing to do with each other.
  virtual bool cuts_words() const { return false; }
  virtual void cut(std::string_view text, Span word, Spelling, std::vector<Span>& parts) const {
    parts.push_back(word);
  }

  virtual const Vocab& vocab() const = 0;
  // A token with this id shows as its own text rather than as the vocabulary's (Unigram's unknown piece).
  virtual std::optional<uint32_t> literal_id() const { return std::nullopt; }
  virtual const char* type() const = 0;  // as in JSON
  virtual Json to_json() const = 0;      // with "type", vocabulary and all
  // Files of the formats from before tokenizer.json; returns their paths.
  virtual std::vector<std::string> save(const std::string& folder, const std::string& prefix) const = 0;

  std::optional<uint32_t> token_to_id(std::string_view token) const { return vocab().find(token); }
  std::optional<std::string_view> id_to_token(uint32_t id) const { return vocab().token(id); }
};
using ModelPtr = std::shared_ptr<const Model>;

// "model" of a tokenizer.json: small fields as a tree, large ones (vocab, merges) still as text.
struct ModelSource {
  Json fields;
  std::string_view text;
  std::string where;
  std::map<std::string, size_t> large;  // positions in the text
  bool has(const std::string& key) const { return large.count(key) > 0; }
  JsonReader reader(const std::string& key) const;  // TokenizerError when the field is missing
};
using ModelFactory = ModelPtr (*)(const ModelSource&);
const Registry<ModelFactory>& model_registry();
// The reader stands before the value of "model". Files from before `type` was written are recognised by their fields.
ModelPtr read_model(JsonReader& reader, std::string_view text, const std::string& where);

// {"token": id, …}
void read_vocab(JsonReader reader, Vocab& vocab, const std::string& where);
Json vocab_to_json(const Vocab& vocab);  // in order of ids

}  // namespace ef::tokenizers
