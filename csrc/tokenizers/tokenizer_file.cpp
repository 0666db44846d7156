// tokenizer.json: reading and writing the whole.
#include <algorithm>
#include <atomic>

#include "io/atomic_file.h"
#include "io/mapped_file.h"
#include "tokenizers/for_all.h"
#include "tokenizers/tokenizer.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {
AddedToken added_token_from_json(const Json& json) {
  AddedToken out;
  out.content = get_string(json, "content", "added_tokens");
  const std::string where = "added_tokens: '" + out.content + "'";
  out.single_word = get_bool(json, "single_word", where);
  out.lstrip = get_bool(json, "lstrip", where);
  out.rstrip = get_bool(json, "rstrip", where);
  out.normalized = get_bool(json, "normalized", where);
  out.special = get_bool(json, "special", where);
  get_unsigned(json, "id", where);
  return out;
}

// In pieces that begin between two characters, if the text is valid.
void check_utf8(std::string_view text, const std::string& where) {
  constexpr size_t kPiece = 1 << 18;
  std::atomic<bool> valid = true;
  for_all(text.size() / kPiece + 1, [&](size_t i) {
    const auto begin = [&](size_t at) {
      for (int k = 0; k < 3 && at < text.size() && utf8::is_continuation(text[at]); k++) at++;
      return std::min(at, text.size());
    };
    const size_t from = begin(i * kPiece), to = begin((i + 1) * kPiece);
    if (utf8::find_invalid(text.substr(from, to - from)) != std::string_view::npos) valid = false;
  });
  if (!valid) fail<TokenizerError>(where, ": not valid UTF-8 at byte ", utf8::find_invalid(text));
}
}  // namespace

Tokenizer Tokenizer::from_json(std::string_view text, const std::string& where) {
  check_utf8(text, where);
  JsonReader reader(text, where);
  Json fields = Json::object();
  ModelPtr model;
  std::string key;
  reader.begin_object();
  while (reader.next_key(key)) {
    if (key == "model") {
      check<TokenizerError>(!model, where, ": 'model' is there twice");
      model = read_model(reader, text, where);
    } else {
      fields[key] = reader.value();
    }
  }
  reader.finish();
  check<TokenizerError>(model != nullptr, where, ": missing field 'model'");
  if (find(fields, "version")) {
    const std::string version = get_string(fields, "version", where);
    check<TokenizerError>(version == "1.0", where, ": version '", version, "', only 1.0 is known");
  }
  const auto part = [&](const char* name) { return find(fields, name) ? *find(fields, name) : Json(); };
  try {
    Tokenizer out(std::move(model));
    out.set_normalizer(normalizer_from_json(part("normalizer")));
    out.set_pre_tokenizer(pre_tokenizer_from_json(part("pre_tokenizer")));
    out.set_post_processor(post_processor_from_json(part("post_processor")));
    out.set_decoder(decoder_from_json(part("decoder")));
    if (find(fields, "truncation")) out.truncation = Truncation::from_json(part("truncation"));
    if (find(fields, "padding")) out.padding = Padding::from_json(part("padding"));
    if (find(fields, "added_tokens")) {
      std::vector<AddedToken> tokens;
      for (const Json& token : get_array(fields, "added_tokens", where)) tokens.push_back(added_token_from_json(token));
      out.add_tokens(tokens);
    }
    return out;
  } catch (const TokenizerError& e) {
    fail<TokenizerError>(where, ": ", e.what());
  }
}

Tokenizer Tokenizer::from_file(const std::string& path) {
  const auto file = MappedFile::open(path);
  return from_json({reinterpret_cast<const char*>(file->data()), file->size()}, path);
}

Json Tokenizer::tree() const {
  Json added = Json::array();
  for (auto& [id, token] : added_.by_id())
    added.push_back({{"id", id},
                     {"content", token.content},
                     {"single_word", token.single_word},
                     {"lstrip", token.lstrip},
                     {"rstrip", token.rstrip},
                     {"normalized", token.normalized},
                     {"special", token.special}});
  const auto json_of = [](const auto& part) { return part ? part->to_json() : Json(); };
  Json out{{"version", "1.0"},
           {"truncation", truncation ? truncation->to_json() : Json()},
           {"padding", padding ? padding->to_json() : Json()},
           {"added_tokens", std::move(added)},
           {"normalizer", json_of(normalizer_)},
           {"pre_tokenizer", json_of(pre_tokenizer_)},
           {"post_processor", json_of(post_processor_)},
           {"decoder", json_of(decoder_)}};
  out["model"] = model_->to_json();
  return out;
}

std::string Tokenizer::to_json(bool pretty) const { return dump(tree(), pretty); }

void Tokenizer::save(const std::string& path, bool pretty) const {
  AtomicFile file(path);
  file.write(to_json(pretty));
  file.commit();
}

}  // namespace ef::tokenizers
