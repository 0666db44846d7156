#include "tokenizers/models/model.h"

#include "tokenizers/models/word_loop.h"

namespace ef::tokenizers {

std::unique_ptr<Workspace> Model::workspace() const { return std::make_unique<Workspace>(); }

JsonReader ModelSource::reader(const std::string& key) const {
  const auto it = large.find(key);
  check<TokenizerError>(it != large.end(), where, ": model: missing field '", key, "'");
  JsonReader out(text, where);
  out.seek(it->second);
  return out;
}

void read_vocab(JsonReader reader, Vocab& vocab, const std::string& where) {
  std::string_view key;
  reader.begin_object();
  while (reader.next_key(key)) vocab.add(key, reader.unsigned_number("the id of a token"));
  vocab.finish(where);
}

Json vocab_to_json(const Vocab& vocab) {
  Json out = Json::object();
  // Appended without the search for an equal key, which would make this quadratic.
  auto& entries = static_cast<std::vector<Json::object_t::value_type>&>(out.get_ref<Json::object_t&>());
  entries.reserve(vocab.size());
  vocab.for_each([&](std::string_view token, uint32_t id) { entries.emplace_back(std::string(token), id); });
  return out;
}

ModelPtr read_model(JsonReader& reader, std::string_view text, const std::string& where) {
  ModelSource source{Json::object(), text, where, {}};
  std::string key;
  reader.begin_object();
  while (reader.next_key(key)) {
    if (key == "vocab" || key == "merges") {
      check<TokenizerError>(!source.has(key), where, ": model: '", key, "' is there twice");
      reader.peek();
      source.large[key] = reader.position();
      reader.skip_unread();
    } else {
      source.fields[key] = reader.value();
    }
  }
  std::string type;
  if (has(source.fields, "type")) {
    type = get_string(source.fields, "type", where + ": model");
  } else {  // the order in which `tokenizers` tries them
    const auto stated = [&](const char* name) { return find(source.fields, name) != nullptr; };
    if (source.has("vocab") && source.has("merges"))
      type = "BPE";
    else if (stated("continuing_subword_prefix") && stated("max_input_chars_per_word"))
      type = "WordPiece";
    else if (source.has("vocab") && source.reader("vocab").peek() == '[')
      type = "Unigram";
    else if (source.has("vocab") && stated("unk_token"))
      type = "WordLevel";
    else
      fail<TokenizerError>(where, ": model: no 'type', and the fields are those of no known model");
  }
  return model_registry().at<TokenizerError>(type)(source);
}

}  // namespace ef::tokenizers
